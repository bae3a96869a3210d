namespace Credentialing.Tests.Model;

/// <summary>What the model says of a restore.</summary>
internal static class Restoration
{
    /// <summary>Returns the states that are allowed after a restore.</summary>
    /// <param name="before">The state before the loss.</param>
    /// <param name="saved">The state in the backup.</param>
    /// <param name="loss">What was lost.</param>
    /// <param name="since">The operations since the backup.</param>
    /// <param name="isNamed">Whether the operator has named the LEA as changed.</param>
    /// <param name="observed">The rows after it, which tell the generation of credentials that come back revoked.</param>
    internal static IEnumerable<ModelState> After(ModelState before, ModelState saved, Loss loss, IReadOnlyList<Execution> since, bool isNamed, Observation observed)
    {
        var rest = loss switch
        {
            Loss.Register => before with { Name = saved.Name ?? before.Name, Roster = saved.Name is null ? before.Roster : saved.Roster },
            Loss.Credential => before,
            // A share that was not opened does not come back. Nor does a change since the backup.
            _ => saved with { Shares = saved.Shares.RemoveRange(saved.Shares.Where(share => !share.Value.IsOpened).Select(share => share.Key)) },
        };
        if (loss is Loss.Register)
        {
            yield return saved.Name is null ? before with { Name = null, Roster = 0 } : rest;
            yield break;
        }

        if (saved.Credential is not { } old)
        {
            yield return rest with { Credential = null };
            yield break;
        }

        // It must not revive a key: it comes back only if it works, and the previous one only if that works.
        var isCurrent = before.Credential is { } held && held.Key == old.Key && held.IsRevoked == old.IsRevoked;
        var mayHaveEnded = since.Any(execution => execution.Operation is EndOverlap);
        if (isCurrent && before.Credential!.Previous == old.Previous)
            yield return rest with { Credential = old };
        if (isCurrent && (mayHaveEnded || before.Credential!.Previous is null))
            yield return rest with { Credential = old with { Previous = null } };
        var mayHaveChanged = isNamed || since.Any(execution => execution.Operation is Generate or Revoke);
        if (!mayHaveChanged || observed.Credential?.GetInt32("Generation") is not { } generation || generation < old.Generation)
            yield break;
        yield return rest with
        {
            Credential = old with { Generation = generation, Previous = null, IsRevoked = true },
            Events = rest.Events.Add(new("credential-revoked", generation)),
        };
    }
}
