package io.adapt4j.core.hub;

import io.adapt4j.core.hub.HubClient.RemoteFile;
import io.adapt4j.core.internal.NoLinks;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.http.Retries;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Downloads a file's content into its blob: continues a partial download, resumes after dropped
 * connections, and verifies size and hash before the blob appears.
 */
final class BlobDownload {

  private static final int BUFFER_BYTES = 256 << 10;

  /** Maximum size of a file without a declared size; hubs declare the size of every large file. */
  private static final long MAX_UNKNOWN_SIZE = 1L << 30;

  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-\\d+/.*");

  private final DownloadSession session;
  private final String commit;
  private final String file;
  private final RemoteFile remote;
  private final BlobDigest digest;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);

  /** Number of bytes on disk, all of which are in the digest. */
  private long position;

  /** Whether the server has ended a file without a declared size. */
  private boolean ended;

  BlobDownload(DownloadSession session, String commit, String file, RemoteFile remote) {
    this.session = session;
    this.commit = commit;
    this.file = file;
    this.remote = remote;
    this.digest = BlobDigest.of(remote.etag(), remote.size());
  }

  /** Downloads the file. The caller holds the blob's lock. */
  void run() throws IOException {
    Path partial = session.cache().partial(remote.etag());
    long present = Files.exists(partial) ? Files.size(partial) : 0;
    session.cache().requireSpace(file, Math.max(0, remote.size() - present));
    try (FileChannel channel =
        NoLinks.open(
            partial,
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      DiskFailures.run(partial, () -> takeUp(channel));
      session.events().fileStarted(file, remote.size(), position);
      receiveAll(channel);
      Optional<String> problem = problem();
      if (problem.isPresent()) {
        session
            .events()
            .notice(file + ": " + problem.get() + "; downloading it again from the beginning");
        restart(channel);
        receiveAll(channel);
        problem = problem();
      }
      if (problem.isPresent()) {
        channel.truncate(0);
        throw new HubException(
            ("%s: %s: %s, twice; the bad file is deleted. Try again later; if it stays, a"
                    + " proxy or mirror changes files on the way")
                .formatted(session.repository(), file, problem.get()));
      }
    } catch (HubException e) {
      deleteIfEmpty(partial);
      throw e;
    }
    DiskFailures.run(partial, () -> session.cache().finish(remote.etag()));
    session.events().fileFinished(file, position);
  }

  private static void deleteIfEmpty(Path partial) throws IOException {
    if (Files.exists(partial) && Files.size(partial) == 0) {
      Files.delete(partial);
    }
  }

  /** Adds the partial download to the digest, unless it is longer than the file. */
  private void takeUp(FileChannel channel) throws IOException {
    if (remote.size() >= 0 && channel.size() > remote.size()) {
      restart(channel);
      return;
    }
    while (channel.read(buffer.clear()) >= 0) {
      digest.update(buffer.flip());
    }
    position = channel.position();
  }

  private void restart(FileChannel channel) throws IOException {
    channel.truncate(0);
    channel.position(0);
    digest.reset();
    position = 0;
    ended = false;
  }

  private void receiveAll(FileChannel channel) throws IOException {
    int failures = 0;
    long furthest = position;
    while (!isComplete()) {
      try {
        receive(channel);
      } catch (IOException e) {
        if (session.isCancelled() || WriteFailure.isInterrupt(e)) {
          throw new InterruptedIOException("the download was cancelled");
        }
        // A server that ignores ranges goes back and forth, and one that sends a few bytes per
        // connection would never end: neither counts as progress.
        failures = position - furthest >= session.minProgressBytes() ? 1 : failures + 1;
        furthest = Math.max(furthest, position);
        session.retries().pause(file, e, failures);
      }
    }
  }

  private boolean isComplete() {
    return remote.size() >= 0 ? position >= remote.size() : ended;
  }

  /** Receives a response until it ends. */
  private void receive(FileChannel channel) throws IOException {
    HttpResponse<InputStream> response = session.client().open(commit, file, position);
    try (InputStream body = session.guard().guard(response.body())) {
      if (response.statusCode() == 416) {
        restart(channel);
        throw new IOException("the server has nothing beyond what an earlier download left");
      }
      if (position > 0 && !goesOn(response)) {
        restart(channel);
      }
      copy(body, channel);
    }
    ended = true;
    if (!isComplete()) {
      throw new IOException(
          "the connection ended after " + position + " of " + remote.size() + " bytes");
    }
  }

  /**
   * Returns whether a response is the requested range; a server may send the whole file instead.
   */
  private boolean goesOn(HttpResponse<InputStream> response) {
    if (response.statusCode() != 206) {
      return false;
    }
    Matcher range =
        CONTENT_RANGE.matcher(response.headers().firstValue("Content-Range").orElse(""));
    return range.matches() && range.group(1).equals(Long.toString(position));
  }

  private void copy(InputStream body, FileChannel channel) throws IOException {
    int count;
    while (!isOverlong() && (count = body.read(buffer.array())) >= 0) {
      if (session.isCancelled()) {
        throw new InterruptedIOException("the download was cancelled");
      }
      buffer.clear().limit(count);
      digest.update(buffer);
      write(channel);
      position += count;
      session.events().bytesReceived(file, position, remote.size());
    }
  }

  private boolean isOverlong() {
    return position > (remote.size() >= 0 ? remote.size() : MAX_UNKNOWN_SIZE);
  }

  /** Writes to disk; a disk failure must not be mistaken for a network failure. */
  private void write(FileChannel channel) throws IOException {
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException e) {
      if (session.isCancelled() || WriteFailure.isInterrupt(e)) {
        throw e;
      }
      throw new HubException(
          ("%s: %s cannot be written to %s (%s). Free some space, or set HF_HUB_CACHE to a"
                  + " folder on another disk; what has arrived is kept")
              .formatted(
                  session.repository(),
                  file,
                  session.cache().partial(remote.etag()),
                  Retries.reason(e)),
          e);
    }
  }

  private Optional<String> problem() {
    if (remote.size() < 0 && position > MAX_UNKNOWN_SIZE) {
      return Optional.of(
          "the server does not say how large it is, and sent more than "
              + MAX_UNKNOWN_SIZE
              + " bytes");
    }
    if (remote.size() >= 0 && position != remote.size()) {
      return Optional.of("expected " + remote.size() + " bytes, found " + position);
    }
    return digest
        .finish()
        .filter(found -> !found.equals(remote.etag()))
        .map(found -> "expected hash " + remote.etag() + ", found " + found);
  }
}
