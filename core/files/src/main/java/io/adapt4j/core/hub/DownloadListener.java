package io.adapt4j.core.hub;

import java.io.PrintStream;

/**
 * Listener of download progress. Files arrive in parallel, but calls are serialized, on the
 * downloading threads; a slow listener slows them down. Files found in the cache are not reported.
 * An exception thrown here aborts the download.
 */
public interface DownloadListener {

  /**
   * Called when a file starts to arrive.
   *
   * @param file its name in the repository
   * @param size its size in bytes, or -1 if the server does not say
   * @param present bytes kept from an earlier, interrupted download
   */
  default void fileStarted(String file, long size, long present) {}

  /**
   * Called when a part of a file has arrived.
   *
   * @param received bytes of the file on disk, including those of an earlier download; decreases
   *     only if the server or a failed check causes a restart
   * @param size its size in bytes, or -1 if the server does not say
   */
  default void bytesReceived(String file, long received, long size) {}

  /**
   * Called when a file is complete, verified and in the cache.
   *
   * @param size its size in bytes
   */
  default void fileFinished(String file, long size) {}

  /**
   * Called for events that do not end the download: a retry, or the use of a cached snapshot
   * because the server cannot be reached.
   *
   * @param message a sentence
   */
  default void notice(String message) {}

  /**
   * Returns a listener that does nothing.
   *
   * @return the listener
   */
  static DownloadListener none() {
    return new DownloadListener() {};
  }

  /**
   * Returns a listener that prints plain lines: the start and end of each file, every tenth of a
   * large one, and notices.
   *
   * @param out the stream to print to; never closed
   * @return the listener
   */
  static DownloadListener console(PrintStream out) {
    return new ConsoleDownloads(out);
  }
}
