using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Audit;

/// <summary>
/// What an audit event says beyond its kind, in columns, so that screens can say it in each language. Each kind of event has some of
/// them; events of earlier releases have none.
/// </summary>
public sealed record AuditDetails
{
    /// <summary>The version of the wording under which the release of student data was authorized; null if the event is no generation.</summary>
    public string? Wording { get; init; }

    /// <summary>For whom a share is.</summary>
    public string? Vendor { get; init; }

    /// <summary>The milestone of a reminder, in days before the expiration; zero or negative after it.</summary>
    public int? Milestone { get; init; }

    /// <summary>Calendar days until the expiration, of a reminder or an announcement.</summary>
    public int? DaysRemaining { get; init; }

    /// <summary>The kind of the event that a notice is about.</summary>
    public string? About { get; init; }

    /// <summary>The LEA's new name; null if it did not change.</summary>
    public string? Name { get; init; }

    /// <summary>The addresses for which the mail service accepted an email.</summary>
    public IReadOnlyList<string> To { get; init; } = [];

    /// <summary>The addresses that the mail service rejected.</summary>
    public IReadOnlyList<string> Rejected { get; init; } = [];

    /// <summary>The addresses that the mail service deferred: the email is sent to them later.</summary>
    public IReadOnlyList<string> Deferred { get; init; } = [];

    /// <summary>The addresses that the mail service deferred until the service gave up.</summary>
    public IReadOnlyList<string> GivenUp { get; init; } = [];

    /// <summary>The coordinators that were added: name and id.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>The coordinators that were removed: name and id.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>The coordinators whose name, address or language changed: new name, and id.</summary>
    public IReadOnlyList<string> Changed { get; init; } = [];

    /// <summary>Returns the addresses as English sentences, with a space before each; empty if there are none.</summary>
    internal string Addresses() =>
        $"{Sentence("To ", To)}{Sentence("Rejected: ", Rejected)}{Sentence("Deferred: ", Deferred)}{Sentence("Deferred for too long: ", GivenUp)}";

    internal static AuditDetails Read(TableEntity row) => new()
    {
        Wording = row.Optional<string>(nameof(Wording)),
        Vendor = row.Optional<string>(nameof(Vendor)),
        Milestone = row.OptionalValue<int>(nameof(Milestone)),
        DaysRemaining = row.OptionalValue<int>(nameof(DaysRemaining)),
        About = row.Optional<string>(nameof(About)),
        Name = row.Optional<string>(nameof(Name)),
        To = ReadList(row, nameof(To)),
        Rejected = ReadList(row, nameof(Rejected)),
        Deferred = ReadList(row, nameof(Deferred)),
        GivenUp = ReadList(row, nameof(GivenUp)),
        Added = ReadList(row, nameof(Added)),
        Removed = ReadList(row, nameof(Removed)),
        Changed = ReadList(row, nameof(Changed)),
    };

    /// <summary>
    /// Adds the columns. A list is one line for each value: the names of the maximum number of coordinators fit into a column of Table
    /// Storage (32,768 UTF-16 code units).
    /// </summary>
    internal void Write(TableEntity row)
    {
        row[nameof(Wording)] = Wording;
        row[nameof(Vendor)] = Vendor;
        row[nameof(Milestone)] = Milestone;
        row[nameof(DaysRemaining)] = DaysRemaining;
        row[nameof(About)] = About;
        row[nameof(Name)] = Name;
        row[nameof(To)] = ToText(To);
        row[nameof(Rejected)] = ToText(Rejected);
        row[nameof(Deferred)] = ToText(Deferred);
        row[nameof(GivenUp)] = ToText(GivenUp);
        row[nameof(Added)] = ToText(Added);
        row[nameof(Removed)] = ToText(Removed);
        row[nameof(Changed)] = ToText(Changed);
    }

    private static string Sentence(string label, IReadOnlyList<string> addresses) => addresses.Count == 0 ? "" : $" {label}{string.Join(", ", addresses)}.";

    private static string? ToText(IReadOnlyList<string> values) => values.Count == 0 ? null : string.Join('\n', values);

    private static string[] ReadList(TableEntity row, string column) => row.Optional<string>(column)?.Split('\n') ?? [];
}
