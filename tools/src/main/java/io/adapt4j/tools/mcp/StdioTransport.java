package io.adapt4j.tools.mcp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.http.AnswerLimit;
import io.adapt4j.core.internal.http.AnswerLimitException;
import io.adapt4j.core.internal.http.BoundedLines;
import io.adapt4j.tools.internal.rpc.Rpc;
import io.adapt4j.tools.mcp.McpException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server in a separate process, which reads messages from its standard input and writes them to
 * its standard output, each on a line. The process is ended when the transport is closed.
 */
final class StdioTransport implements Transport {

  /** Variables of this process that a server gets; the others may be secrets of the application. */
  private static final List<String> INHERITED =
      List.of(
          "HOME",
          "LANG",
          "LC_ALL",
          "LOGNAME",
          "PATH",
          "SHELL",
          "TERM",
          "TMPDIR",
          "USER",
          "APPDATA",
          "HOMEDRIVE",
          "HOMEPATH",
          "LOCALAPPDATA",
          "PATHEXT",
          "PROCESSOR_ARCHITECTURE",
          "SYSTEMDRIVE",
          "SYSTEMROOT",
          "TEMP",
          "TMP",
          "USERNAME",
          "USERPROFILE");

  /** Messages that wait until the process reads. */
  private static final int MOST_WAITING = 256;

  /** Lines that are no messages, which some programs write before they serve. */
  private static final int MOST_STRAY = 16;

  private static final int KEPT_ERRORS = 2_000;
  private static final long GRACE_MILLIS = 1_000;

  /** Tells the writer to end. */
  private static final byte[] END = {};

  private final Server server;
  private final List<String> command;
  private final Map<String, String> environment;
  private final int messageBytes;
  private final BlockingQueue<byte[]> toWrite = new ArrayBlockingQueue<>(MOST_WAITING);
  private final StringBuilder errors = new StringBuilder();
  private @Nullable Process process;
  private @Nullable Listener listener;

  StdioTransport(
      Server server, List<String> command, Map<String, String> environment, int messageBytes) {
    this.server = server;
    this.command = List.copyOf(command);
    this.environment = Map.copyOf(environment);
    this.messageBytes = messageBytes;
  }

  @Override
  public void start(Listener to) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().retainAll(INHERITED);
    builder.environment().putAll(environment);
    Process started;
    try {
      started = builder.start();
    } catch (IOException e) {
      throw server.failure(
          Kind.UNAVAILABLE,
          "the command '%s' cannot be started: %s"
              .formatted(server.shown(command.get(0)), server.shown(e.getMessage())),
          e);
    }
    synchronized (this) {
      process = started;
      listener = to;
    }
    daemon("writer", () -> write(started.getOutputStream()));
    Thread errorReader = daemon("errors", () -> keepErrors(started.getErrorStream()));
    daemon("reader", () -> read(started, errorReader, to));
  }

  private Thread daemon(String part, Runnable work) {
    Thread thread = new Thread(work, "adapt4j-mcp-" + server.name() + "-" + part);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void read(Process from, Thread errorReader, Listener to) {
    // The reader of lines allows an eighth of what an answer may have.
    BoundedLines lines =
        new AnswerLimit("its output", 8L * messageBytes, "messageBytes")
            .lines(from.getInputStream());
    int stray = 0;
    try {
      for (String line = lines.next(); line != null; line = lines.next()) {
        Optional<ObjectNode> message = Rpc.parse(line);
        message.ifPresent(to::received);
        if (message.isEmpty() && !line.isBlank() && ++stray > MOST_STRAY) {
          to.ended(
              server.failure(
                  Kind.PROTOCOL,
                  "it writes lines on standard output that are no messages, such as '%s'; logs belong on standard error"
                      .formatted(server.shown(line))));
          return;
        }
      }
      to.ended(gone(from, errorReader));
    } catch (AnswerLimitException e) {
      to.ended(server.failure(Kind.LIMIT, server.shown(e.getMessage()), e));
    } catch (IOException e) {
      to.ended(gone(from, errorReader));
    }
  }

  private McpException gone(Process from, Thread errorReader) {
    String status = "";
    try {
      if (from.waitFor(GRACE_MILLIS, TimeUnit.MILLISECONDS)) {
        status = " with status " + from.exitValue();
      }
      errorReader.join(GRACE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String said;
    synchronized (errors) {
      said = server.shown(errors.toString().strip().replaceFirst("(?s).*\n", ""));
    }
    return server.failure(
        Kind.UNAVAILABLE,
        "its process has ended%s%s".formatted(status, said.isEmpty() ? "" : "; it said: " + said));
  }

  private void keepErrors(InputStream in) {
    byte[] buffer = new byte[1 << 12];
    try {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        synchronized (errors) {
          errors.append(new String(buffer, 0, read, StandardCharsets.UTF_8));
          errors.delete(0, Math.max(0, errors.length() - KEPT_ERRORS));
        }
      }
    } catch (IOException e) {
      // The process has ended, which the reader of its output reports.
    }
  }

  private void write(OutputStream out) {
    try (out) {
      for (byte[] line = toWrite.take(); line != END; line = toWrite.take()) {
        out.write(line);
        out.flush();
      }
    } catch (IOException e) {
      // The process has ended, which the reader of its output reports.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public Future<?> send(ObjectNode message, long id) {
    byte[] json = Json.compact(message).getBytes(StandardCharsets.UTF_8);
    byte[] line = Arrays.copyOf(json, json.length + 1);
    line[json.length] = '\n';
    Listener to = listener();
    if (!toWrite.offer(line) && to != null) {
      to.ended(server.failure(Kind.UNAVAILABLE, "it does not read its standard input"));
    }
    return CompletableFuture.completedFuture(null);
  }

  private synchronized @Nullable Listener listener() {
    return listener;
  }

  @Override
  public void abandon(long id) {}

  @Override
  public void speaks(String version, boolean notifies) {}

  /** Closes the input, and ends a process that does not end by itself. */
  @Override
  public void close() {
    Process ending;
    synchronized (this) {
      ending = process;
      process = null;
    }
    if (ending == null) {
      return;
    }
    List<ProcessHandle> all =
        Stream.concat(Stream.of(ending.toHandle()), ending.descendants()).toList();
    try {
      if (toWrite.offer(END) && ending.waitFor(GRACE_MILLIS, TimeUnit.MILLISECONDS)) {
        return;
      }
      ending.destroy();
      ending.waitFor(GRACE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      all.forEach(ProcessHandle::destroyForcibly);
    }
  }
}
