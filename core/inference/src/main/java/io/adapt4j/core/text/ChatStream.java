package io.adapt4j.core.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.http.AnswerLimit;
import io.adapt4j.core.internal.http.AnswerLimitException;
import io.adapt4j.core.internal.http.BoundedInput;
import io.adapt4j.core.internal.http.BoundedLines;
import io.adapt4j.core.internal.http.Retries;
import java.io.EOFException;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a chat completion streamed as server-sent events (WHATWG HTML, section 9.2.6), one piece
 * per event. Text that has been passed on cannot be taken back: a failure after that is final.
 */
final class ChatStream {

  private static final String DATA = "data:";
  private static final String DONE = "[DONE]";

  /**
   * Servers count tokens, and send one or more per event; some split texts into single characters.
   */
  private static final int MAX_EVENTS_PER_TOKEN = 8;

  /** Tokens of spaces or dashes are long, but a whole answer does not consist of the longest. */
  private static final int MAX_CHARACTERS_PER_TOKEN = 64;

  /** For events without text at the beginning and the end, and for very short answers. */
  private static final int MIN_EVENTS = 64;

  private static final int MIN_CHARACTERS = 4096;

  private final BoundedInput events;
  private final BoundedLines lines;
  private final int maxNewTokens;
  private final ChatErrors errors;
  private final Consumer<String> onText;
  private final StringBuilder text = new StringBuilder();
  private Optional<TokenUsage> usage = Optional.empty();
  private @Nullable FinishReason finishReason;
  private boolean done;
  private long count;

  ChatStream(
      BoundedInput events,
      AnswerLimit limit,
      int maxNewTokens,
      ChatErrors errors,
      Consumer<String> onText) {
    this.events = events;
    this.lines = limit.lines(events);
    this.maxNewTokens = maxNewTokens;
    this.errors = errors;
    this.onText = onText;
  }

  GeneratedText read() throws IOException {
    try {
      readEvents();
      // Some servers omit the end marker; the finish reason says the same.
      if (!done && finishReason == null) {
        throw new EOFException("the answer was cut off");
      }
    } catch (IOException e) {
      if (text.isEmpty() || e instanceof AnswerLimitException) {
        throw e;
      }
      throw errors.cutOff(Retries.reason(e), text.length(), e);
    }
    return new GeneratedText(
        text.toString(), finishReason == null ? FinishReason.OTHER : finishReason, usage, false);
  }

  private void readEvents() throws IOException {
    StringBuilder data = new StringBuilder();
    String line;
    while (!done && (line = lines.next()) != null) {
      if (line.startsWith(DATA)) {
        data.append(data.isEmpty() ? "" : "\n").append(line.substring(DATA.length()).strip());
      } else if (line.isEmpty()) {
        event(data.toString());
        data.setLength(0);
      }
    }
    event(data.toString());
  }

  private void event(String data) throws IOException {
    if (data.isEmpty() || done) {
      return;
    }
    if (data.equals(DONE)) {
      done = true;
      return;
    }
    requireFewer("events", ++count, (long) maxNewTokens * MAX_EVENTS_PER_TOKEN + MIN_EVENTS);
    JsonNode json;
    try {
      json = Json.parse(data);
    } catch (JsonProcessingException e) {
      // Without the cause, which quotes the event.
      throw new IOException("an event is not valid JSON: " + errors.shortened(data));
    }
    if (json.hasNonNull("error")) {
      throw errors.ofAnswer(data);
    }
    JsonNode choice = json.path("choices").path(0);
    usage = ChatAnswer.usage(json).or(() -> usage);
    if (choice.hasNonNull("finish_reason")) {
      finishReason = ChatAnswer.finishReason(choice.path("finish_reason"));
    }
    String piece = ChatAnswer.text(choice.path("delta").path("content"));
    if (!piece.isEmpty()) {
      requireFewer(
          "characters",
          (long) text.length() + piece.length(),
          (long) maxNewTokens * MAX_CHARACTERS_PER_TOKEN + MIN_CHARACTERS);
      text.append(piece);
      onText.accept(piece);
    }
    // After the listener, whose time is not the server's.
    if (choice.isObject()) {
      events.progress();
    }
  }

  /** A server may not know the limit on new tokens under the name it was sent. */
  private void requireFewer(String what, long found, long most) {
    if (found > most) {
      throw errors.endless(what, most, maxNewTokens, text.length());
    }
  }
}
