namespace Credentialing.Core.Leas;

/// <summary>An LEA and its coordinators, as TOMS last reported them.</summary>
/// <param name="Id">The CDS code.</param>
/// <param name="Name">The name, such as "Fresno Unified".</param>
/// <param name="Coordinators">
/// The coordinators who get its reminders. <see cref="LeaRegister"/> returns them ordered by <see cref="Coordinator.Id"/>, and
/// accepts at most <see cref="MaxCoordinators"/>.
/// </param>
public sealed record Lea(LeaId Id, string Name, IReadOnlyList<Coordinator> Coordinators)
{
    /// <summary>The name: always one line of at most <see cref="OneLine.MaxNameLength"/>. A text with the CDS code if it is blank.</summary>
    public string Name { get; init => field = OneLine.Name(value, Unnamed(Id)); } = OneLine.Name(Name, Unnamed(Id));

    /// <summary>
    /// An entity-group transaction has at most 100 operations. Replacing all coordinators takes two operations for each, in addition
    /// to the LEA's own row and the audit event. A request to Azure Communication Services has at most 50 recipients, so a reminder is
    /// one request.
    /// </summary>
    public const int MaxCoordinators = 49;

    /// <summary>Returns the LEA's name for use in a sentence; a text with its CDS code if the name is unknown.</summary>
    public static string NameOf(Lea? lea, LeaId leaId) => lea?.Name ?? Unnamed(leaId);

    private static string Unnamed(LeaId leaId) => $"LEA {leaId}";
}
