// What the system costs and how far it scales, from prices and measurements that are named in Prices.cs and
// Measurements.cs. Prints the sums; with the name of a page, replaces them there.
using Serverless.Costs;

if (args is [var page])
{
    File.WriteAllText(page, Report.Update(File.ReadAllText(page)));
}
else
{
    Console.WriteLine(Report.Markdown());
}
