// Estimates the costs and limits of the system from the prices and measurements of Inputs.cs. Prints them as Markdown,
// or updates the page that is named.
using Serverless.Costs;

if (args is [var page])
{
    File.WriteAllText(page, Report.Update(File.ReadAllText(page)));
}
else
{
    Console.WriteLine(Report.Markdown());
}
