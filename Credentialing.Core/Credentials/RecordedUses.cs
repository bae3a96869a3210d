namespace Credentialing.Core.Credentials;

/// <summary>
/// The uses of keys that this app instance has recorded today, so that it records each of them once a day. Grows with the number of
/// LEAs whose keys are used in a day, not with the number of requests: at most <see cref="KeyUse.MaxClients"/> clients for each
/// generation. Thread safe.
/// </summary>
internal sealed class RecordedUses
{
    private readonly Lock changing = new();
    private readonly HashSet<(LeaId LeaId, ClientName Client)> clients = [];
    private readonly HashSet<(LeaId LeaId, ClientName Client, int Generation)> uses = [];
    private DateOnly day;

    /// <summary>Whether a use of any of the LEA's keys by this client has been recorded on <paramref name="today"/>.</summary>
    internal bool Contains(LeaId leaId, ClientName client, DateOnly today)
    {
        lock (changing)
            return day == today && clients.Contains((leaId, client));
    }

    /// <summary>Whether a use of this generation by this client has been recorded on <paramref name="today"/>.</summary>
    internal bool Contains(LeaId leaId, ClientName client, int generation, DateOnly today)
    {
        lock (changing)
            return day == today && uses.Contains((leaId, client, generation));
    }

    /// <summary>Notes that a use has been recorded.</summary>
    internal void Add(LeaId leaId, ClientName client, int generation, DateOnly today)
    {
        lock (changing)
        {
            if (day != today)
            {
                clients.Clear();
                uses.Clear();
                day = today;
            }

            clients.Add((leaId, client));
            uses.Add((leaId, client, generation));
        }
    }
}
