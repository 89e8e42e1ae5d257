package io.adapt4j.core.hub;

import java.io.PrintStream;

/**
 * Told how a download goes. Files arrive in parallel, but calls come one after the other, on the
 * threads that download; a slow listener slows them down. Files found in the cache are not
 * reported. An exception thrown here ends the download.
 */
public interface DownloadListener {

  /**
   * A file begins to arrive.
   *
   * @param file its name in the repository
   * @param size its size in bytes, or -1 if the server does not say
   * @param present bytes that an earlier, interrupted download left and that are kept
   */
  default void fileStarted(String file, long size, long present) {}

  /**
   * A part of a file has arrived.
   *
   * @param file its name in the repository
   * @param received bytes of the file on disk now, those of an earlier download included; less than
   *     before only if the server or a failed check made the file start again
   * @param size its size in bytes, or -1 if the server does not say
   */
  default void bytesReceived(String file, long received, long size) {}

  /**
   * A file is complete, checked and in the cache.
   *
   * @param file its name in the repository
   * @param size its size in bytes
   */
  default void fileFinished(String file, long size) {}

  /**
   * Something worth knowing that does not end the download: a retry, or the use of a cached
   * snapshot because the server cannot be reached.
   *
   * @param message a sentence
   */
  default void notice(String message) {}

  /**
   * A listener that does nothing.
   *
   * @return the listener
   */
  static DownloadListener none() {
    return new DownloadListener() {};
  }

  /**
   * A listener that prints plain lines: each file as it starts and ends, every tenth of a large
   * one, and notices.
   *
   * @param out where to print; never closed
   * @return the listener
   */
  static DownloadListener console(PrintStream out) {
    return new ConsoleDownloads(out);
  }
}
