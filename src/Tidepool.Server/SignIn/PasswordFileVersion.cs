using Tidepool.Server.Security;

namespace Tidepool.Server.SignIn;

/// <summary>
/// Which password is in force; null where its file cannot be read, and then no password counts as known. The file has nothing of the
/// password itself: the hash is not the server's to read.
/// </summary>
internal sealed class PasswordFileVersion(string path) : WatchedFile(path, text => text.Trim() is { Length: > 0 } version ? version : null);
