namespace Credentialing.DevHost;

/// <summary>DevHost cannot go on, and the message tells its user why and what to do.</summary>
public sealed class DevHostException(string message) : Exception(message);
