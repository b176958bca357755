namespace Serverless.Costs;

/// <summary>What a steady rate asks of replicas, queues and tables.</summary>
/// <param name="Rate">Articles a second, round the clock.</param>
public sealed record Load(double Rate)
{
    public int CpuReplicas => Replica.Cpu.CountFor(Rate);

    public int T4Replicas => Replica.T4.CountFor(Rate);

    /// <summary>The batch before it and its own: what an article waits when the replicas are up.</summary>
    public static double SteadyDelaySeconds => 2 * Measurements.CpuBatchSeconds;

    /// <summary>From no replica at all: the first one's cold start, then the platform's steps (1, 4, then doubling), one a polling.</summary>
    public double ScaleOutSeconds
    {
        get
        {
            var steps = 0;
            for (var replicas = 1; replicas < CpuReplicas; replicas = Math.Max(4, 2 * replicas))
            {
                steps++;
            }

            return Replica.Cpu.ColdStartSeconds + steps * Measurements.ScalerPollingSeconds;
        }
    }

    /// <summary>Articles that wait when the last replica works; the earlier ones' work is not counted, so it is an upper bound.</summary>
    public double Backlog => Rate * ScaleOutSeconds;

    /// <summary>Until that backlog is gone, with the replicas that the rate alone needs.</summary>
    public double CatchUpSeconds => Backlog / (CpuReplicas * Replica.Cpu.ArticlesPerSecond - Rate);

    /// <summary>A put and a delete for each message; a get brings several.</summary>
    public double QueueOperationsPerSecond => Rate * (2 + 1 / Measurements.ReceiveBatch);

    public int Queues => (int)Math.Ceiling(QueueOperationsPerSecond / Measurements.QueuePerSecond);

    /// <summary>Of the table <c>classifications</c>, of one classifier: a read and a write.</summary>
    public double ClassificationsPerPartition => Rate * 2 / Measurements.ClassificationPartitions;

    /// <summary>Of the table <c>recent</c>: one partition takes all rows of a classifier and an hour.</summary>
    public double RecentPerPartition => Rate;

    public double AccountOperationsPerSecond => QueueOperationsPerSecond + Rate * (Measurements.TableOperations + 1);

    public int Accounts => (int)Math.Ceiling(AccountOperationsPerSecond / Measurements.AccountPerSecond);

    /// <summary>The rate (articles a second) from which on T4 replicas are never dearer than CPU ones, up to 1,000.</summary>
    public static double T4PaysFrom
    {
        get
        {
            var rate = 1000.0;
            while (rate > 0.1 && Replica.T4.MonthlyDollars(rate - 0.1) <= Replica.Cpu.MonthlyDollars(rate - 0.1))
            {
                rate -= 0.1;
            }

            return rate;
        }
    }
}
