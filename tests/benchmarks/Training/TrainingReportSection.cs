using System.Globalization;
using System.Text;
using Serverless.Benchmarks.Report;

namespace Serverless.Benchmarks.Training;

/// <summary>The section of <c>BENCHMARKS.md</c> on fine-tuning.</summary>
internal static class TrainingReportSection
{
    private static readonly (Way Way, string Text)[] Ways =
    [
        (Way.Recipe, "the recipe's way: padded to 128 tokens, base of 32 bit rounded to 16 in each pass"),
        (Way.SixteenBitBase, "the same with the base kept in 16 bit"),
        (Way.NoPadding, "and without padding"),
        (Way.Ours, "ours: and the last layer for the pooled token alone, passes by token budget, one flat optimizer"),
    ];

    /// <param name="device">What was computed on, and in which type.</param>
    /// <param name="command">What gives these figures again.</param>
    /// <param name="shapes">The timings of each way, by shape; of transformers and PEFT, where they are installed.</param>
    public static void Write(string device, string command, IReadOnlyList<(string Shape, IReadOnlyDictionary<Way, Timing> Timings, PeerTiming? Peer)> shapes)
    {
        var text = new StringBuilder($"""
            ## Fine-tuning

            LoRA of rank 16 on all linear layers with dropout 0.1, 32 articles a step, lengths spread as AG News' are (log-normal, mean 51
            tokens), random weights; {device}. Each way in processes of its own, in turn, the median of three; memory is the peak of the process, or what
            is in use on a GPU. Other work shares a machine: compare within one table. No GPU has been measured yet; `--shape 1b` is for one
            ([how](docs/training.md#on-a-gpu)), and where Python has transformers and PEFT, they are timed beside.

            """);
        foreach (var (shape, timings, peer) in shapes)
        {
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"**Shape {shape}**");
            text.AppendLine();
            text.AppendLine("| way | articles/s | beside the recipe's | peak MB |");
            text.AppendLine("| --- | ---: | ---: | ---: |");
            foreach (var (way, description) in Ways)
            {
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"| {description} | {timings[way].ArticlesPerSecond:0.0} | {Ratio(timings, way, Way.Recipe):0.00} | {timings[way].Memory / 1e6:0} |");
            }

            if (peer is not null)
            {
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"| transformers and PEFT ({peer.Versions}) | {peer.ArticlesPerSecond:0.0} | {peer.ArticlesPerSecond / timings[Way.Recipe].ArticlesPerSecond:0.00} | {peer.Memory / 1e6:0} |");
            }

            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture,
                $"Gain of precision {Ratio(timings, Way.SixteenBitBase, Way.Recipe):0.00}, of no padding {Ratio(timings, Way.NoPadding, Way.SixteenBitBase):0.00}, " +
                $"of the rest {Ratio(timings, Way.Ours, Way.NoPadding):0.00}; all of it at equal precision {Ratio(timings, Way.Ours, Way.SixteenBitBase):0.00}, " +
                $"in all **{Ratio(timings, Way.Ours, Way.Recipe):0.00}**, in {Memory(timings):0.00} of the memory.");
        }

        BenchmarkReport.Write("training", command, text.ToString());
    }

    private static double Ratio(IReadOnlyDictionary<Way, Timing> timings, Way way, Way beside) =>
        timings[way].ArticlesPerSecond / timings[beside].ArticlesPerSecond;

    private static double Memory(IReadOnlyDictionary<Way, Timing> timings) => (double)timings[Way.Ours].Memory / timings[Way.Recipe].Memory;
}
