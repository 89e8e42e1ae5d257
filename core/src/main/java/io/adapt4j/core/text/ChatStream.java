package io.adapt4j.core.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.http.Retries;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads a chat completion that comes as server-sent events (WHATWG HTML, section 9.2.6), one piece
 * an event. What has been handed on cannot be taken back: a failure after that is final.
 */
final class ChatStream {

  private static final String DATA = "data:";
  private static final String DONE = "[DONE]";

  private final BufferedReader lines;
  private final ChatErrors errors;
  private final Consumer<String> onText;
  private final StringBuilder text = new StringBuilder();
  private Optional<TokenUsage> usage = Optional.empty();
  private Ending ending;
  private boolean done;

  ChatStream(InputStream events, ChatErrors errors, Consumer<String> onText) {
    this.lines = new BufferedReader(new InputStreamReader(events, StandardCharsets.UTF_8));
    this.errors = errors;
    this.onText = onText;
  }

  GeneratedText read() throws IOException {
    try {
      readEvents();
      // Some servers leave out the mark of the end; the reason of the ending says as much.
      if (!done && ending == null) {
        throw new EOFException("the answer was cut off");
      }
    } catch (IOException e) {
      if (text.isEmpty()) {
        throw e;
      }
      throw errors.cutOff(Retries.reason(e), text.length(), e);
    }
    return new GeneratedText(text.toString(), ending == null ? Ending.OTHER : ending, usage, false);
  }

  private void readEvents() throws IOException {
    StringBuilder data = new StringBuilder();
    for (String line = lines.readLine(); line != null && !done; line = lines.readLine()) {
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
    JsonNode json;
    try {
      json = Json.parse(data);
    } catch (JsonProcessingException e) {
      throw new IOException("an event is not valid JSON: " + errors.shortened(data), e);
    }
    if (json.hasNonNull("error")) {
      throw errors.ofAnswer(data);
    }
    JsonNode choice = json.path("choices").path(0);
    usage = ChatAnswer.usage(json).or(() -> usage);
    if (choice.hasNonNull("finish_reason")) {
      ending = ChatAnswer.ending(choice.path("finish_reason"));
    }
    String piece = ChatAnswer.text(choice.path("delta").path("content"));
    if (!piece.isEmpty()) {
      text.append(piece);
      onText.accept(piece);
    }
  }
}
