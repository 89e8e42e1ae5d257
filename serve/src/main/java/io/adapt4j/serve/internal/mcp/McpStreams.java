package io.adapt4j.serve.internal.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.internal.http.DaemonThreads;
import io.adapt4j.tools.internal.rpc.Rpc;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The models as tools over two streams, each message on a line. */
public final class McpStreams {

  private static final Logger LOG = LoggerFactory.getLogger(McpStreams.class);

  private static final int BUSY = -32000;

  /** Any name will do: there is one session. */
  private static final String SESSION = "streams";

  private final McpMessages messages;
  private final int messageBytes;
  private final int mostCalls;
  private final OutputStream out;

  public McpStreams(McpMessages messages, int messageBytes, int mostCalls, OutputStream out) {
    this.messages = messages;
    this.messageBytes = messageBytes;
    this.mostCalls = mostCalls;
    this.out = out;
  }

  /** Answers messages until the input ends, and then lets calls finish within the grace period. */
  public void run(InputStream input, Duration grace) throws IOException {
    BufferedInputStream in = new BufferedInputStream(input);
    ExecutorService calls = DaemonThreads.upTo(mostCalls, "adapt4j-mcp-");
    try {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int next = in.read(); next >= 0; next = in.read()) {
        if (next != '\n') {
          // One byte more than allowed marks a line that is too long.
          if (line.size() <= messageBytes) {
            line.write(next);
          }
          continue;
        }
        take(line, calls);
        line.reset();
      }
      take(line, calls);
    } finally {
      calls.shutdown();
      await(calls, grace);
    }
  }

  private void await(ExecutorService calls, Duration grace) {
    try {
      if (!calls.awaitTermination(grace.toMillis(), TimeUnit.MILLISECONDS)) {
        messages.cancelAll();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      messages.cancelAll();
    }
  }

  private void take(ByteArrayOutputStream line, ExecutorService calls) throws IOException {
    if (line.size() > messageBytes) {
      write(
          Rpc.error(
              NullNode.instance,
              Rpc.INVALID,
              "expected a message of at most " + messageBytes + " bytes, found a longer one"));
      return;
    }
    String text = line.toString(StandardCharsets.UTF_8);
    if (text.isBlank()) {
      return;
    }
    Optional<ObjectNode> found = Rpc.parse(text);
    if (found.isEmpty()) {
      write(Rpc.error(NullNode.instance, Rpc.NO_JSON, "expected a message of JSON-RPC 2.0"));
      return;
    }
    ObjectNode message = found.get();
    if (!Rpc.isRequest(message)) {
      messages.take(message, SESSION);
    } else if (message.path("method").asText().equals(Rpc.CALL)) {
      try {
        calls.execute(() -> answer(message));
      } catch (RejectedExecutionException e) {
        write(Rpc.error(message.path("id"), BUSY, "the server is busy; call again later"));
      }
    } else {
      answer(message);
    }
  }

  private void answer(JsonNode message) {
    try {
      write(messages.answer(message, new McpMessages.Sender(SESSION, Optional.empty(), () -> {})));
    } catch (IOException e) {
      // A cancelled call is not answered.
      LOG.debug("A call was not answered: {}", e.getMessage());
    }
  }

  private synchronized void write(ObjectNode message) throws IOException {
    out.write((Json.compact(message) + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
