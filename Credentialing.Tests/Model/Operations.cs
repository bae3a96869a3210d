using System.Globalization;

namespace Credentialing.Tests.Model;

/// <summary>What someone does. Numbers select among what exists at that time, modulo its count.</summary>
internal abstract record Operation
{
    /// <summary>Whether other operations can be in progress at the same time. An operator stops the app for the others.</summary>
    internal virtual bool IsConcurrent => true;
}

/// <summary>A coordinator generates or regenerates.</summary>
/// <param name="KeptDays">For how many days the previous key is kept.</param>
/// <param name="IsStale">Whether the coordinator has seen an older generation than the current one.</param>
/// <param name="ByLuis">Whether Luis does it, and not Rosa.</param>
/// <param name="FollowsUp">Whether the instance does what follows the response: notices, and the removal of the announcement.</param>
internal sealed record Generate(int KeptDays, bool IsStale, bool ByLuis, bool FollowsUp) : Operation
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Names.Of(ByLuis)} generates credentials{(KeptDays == 0 ? "" : $", keeps the previous key for {KeptDays} days")}{Names.Seen(IsStale)}{Names.Then(FollowsUp)}");
}

/// <summary>A coordinator ends the overlap.</summary>
internal sealed record EndOverlap(bool IsStale, bool ByLuis, bool FollowsUp) : Operation
{
    public override string ToString() => $"{Names.Of(ByLuis)} ends the previous key{Names.Seen(IsStale)}{Names.Then(FollowsUp)}";
}

/// <summary>A coordinator revokes the credentials.</summary>
internal sealed record Revoke(bool IsStale, bool ByLuis, bool FollowsUp) : Operation
{
    public override string ToString() => $"{Names.Of(ByLuis)} revokes the credentials{Names.Seen(IsStale)}{Names.Then(FollowsUp)}";
}

/// <summary>A vendor authenticates with a key.</summary>
/// <param name="Key">0 for a key that was never issued, 1 for the last one, 2 for the one before, and so on.</param>
internal sealed record Authenticate(int Key) : Operation
{
    public override string ToString() => $"A vendor authenticates with {Names.Key(Key)}";
}

/// <summary>A vendor gets a bearer token.</summary>
internal sealed record IssueToken(int Key) : Operation
{
    public override string ToString() => $"A vendor asks for a token with {Names.Key(Key)}";
}

/// <summary>A vendor uses a bearer token.</summary>
internal sealed record UseToken(int Token) : Operation
{
    public override string ToString() => $"A vendor uses {Names.Last("token", Token)}";
}

/// <summary>A vendor gets a temporary link to the report.</summary>
internal sealed record IssueLink(int Key) : Operation
{
    public override string ToString() => $"A vendor asks for a temporary link with {Names.Key(Key)}";
}

/// <summary>A vendor downloads the report.</summary>
/// <param name="Key">The key.</param>
internal sealed record Download(int Key) : Operation
{
    public override string ToString() => $"A vendor downloads the report with {Names.Key(Key)}";
}

/// <summary>A browser downloads the report with a temporary link.</summary>
internal sealed record DownloadByLink(int Link) : Operation
{
    public override string ToString() => $"A browser downloads the report with {Names.Last("link", Link)}";
}

/// <summary>A coordinator creates a share, for a day.</summary>
internal sealed record CreateShare(bool IsStale) : Operation
{
    public override string ToString() => $"Rosa creates a share{Names.Seen(IsStale)}";
}

/// <summary>A vendor opens a share.</summary>
internal sealed record OpenShare(int Share) : Operation
{
    public override string ToString() => $"A vendor opens {Names.Last("share", Share)}";
}

/// <summary>A coordinator cancels a share.</summary>
internal sealed record CancelShare(int Share) : Operation
{
    public override string ToString() => $"Rosa cancels {Names.Last("share", Share)}";
}

/// <summary>TOMS saves the LEA.</summary>
internal sealed record SaveLea(int Name, int Roster, bool FollowsUp) : Operation
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"TOMS saves the LEA as \"LEA {Name}\" with {Rosters.Describe(Roster)}{Names.Then(FollowsUp)}");
}

/// <summary>The daily run.</summary>
internal sealed record RunDaily : Operation
{
    public override string ToString() => "The daily run";
}

/// <summary>The notices of the LEA are sent.</summary>
internal sealed record SendNotices : Operation
{
    public override string ToString() => "The notices are sent";
}

/// <summary>The daily backup.</summary>
internal sealed record BackUp : Operation
{
    public override string ToString() => "The daily backup";
}

/// <summary>A coordinator lists the audit events.</summary>
internal sealed record ListEvents : Operation
{
    public override string ToString() => "Rosa lists the audit events";
}

/// <summary>What is lost before a restore.</summary>
internal enum Loss
{
    /// <summary>The table <c>Leas</c>.</summary>
    Table,

    /// <summary>The tables <c>Leas</c> and <c>Expirations</c>.</summary>
    BothTables,

    /// <summary>The row of the credentials.</summary>
    Credential,

    /// <summary>The rows of the LEA and its coordinators.</summary>
    Register,
}

/// <summary>Rows are lost, and an operator restores them from a backup. The operator repeats what fails. Nothing happens without a backup.</summary>
/// <param name="Loss">What is lost.</param>
/// <param name="Backup">How many later backups are ignored.</param>
internal sealed record LoseAndRestore(Loss Loss, int Backup) : Operation
{
    internal override bool IsConcurrent => false;

    public override string ToString() => $"Rows are lost ({Loss}), and an operator restores {Names.Last("backup", Backup)}";
}

/// <summary>The table <c>Expirations</c> is lost, and an operator restores the index. The operator repeats it if it fails.</summary>
internal sealed record RestoreIndex : Operation
{
    internal override bool IsConcurrent => false;

    public override string ToString() => "The expiration index is lost, and an operator restores it";
}

/// <summary>A secret is rotated.</summary>
/// <param name="Secret">0: the pepper. 1: the key of tokens. 2: both, if the daily rotation finds that it is due.</param>
internal sealed record RotateSecret(int Secret) : Operation
{
    internal override bool IsConcurrent => false;

    public override string ToString() => Secret switch { 0 => "An operator rotates the pepper", 1 => "An operator rotates the key of tokens", _ => "The daily rotation of secrets" };
}

/// <summary>Parts of the sentences.</summary>
internal static class Names
{
    internal static string Of(bool isLuis) => isLuis ? "Luis" : "Rosa";

    internal static string Seen(bool isStale) => isStale ? ", who has seen an older generation" : "";

    internal static string Then(bool followsUp) => followsUp ? ", and the instance sends the notices" : "";

    internal static string Key(int key) => key == 0 ? "a key that was never issued" : Last("key", key - 1);

    /// <summary>Names the last item, or one before it.</summary>
    internal static string Last(string item, int before) => before == 0 ? $"the last {item}" : string.Create(CultureInfo.InvariantCulture, $"the last {item} but {before}");
}
