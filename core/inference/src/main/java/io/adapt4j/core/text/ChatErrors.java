package io.adapt4j.core.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.http.RetryLaterException;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.util.List;

/** Turns a server's errors into messages with a remedy. */
record ChatErrors(ChatSettings settings) {

  private static final int LONGEST = 500;

  /**
   * Explains an answer whose status is not 200. Throws a RetryLaterException if the same request
   * may succeed later.
   */
  GeneratorException explain(int status, HttpHeaders headers, String body) throws IOException {
    String said = "the server answered " + status + message(body);
    boolean unpaid = body.contains("insufficient_quota");
    if (RetryLaterException.isForNow(status) && !unpaid) {
      throw new RetryLaterException(said, headers);
    }
    String whole = settings.shown() + ": " + remedy(status, headers, unpaid) + " (" + said + ")";
    return status == 400 || status == 413 || status == 422
        ? new RequestRefusedException(whole)
        : new GeneratorException(whole);
  }

  private String remedy(int status, HttpHeaders headers, boolean unpaid) {
    if (unpaid) {
      return "the account has no quota left. Add to it, or use another key";
    }
    if (status >= 300 && status < 400) {
      String target = headers.firstValue("Location").orElse("nowhere").replaceFirst("\\?.*", "");
      return "it leads to " + shortened(target) + ". Give that address";
    }
    return switch (status) {
      case 400, 422 ->
          "the request is refused. Shorten it, or leave out options that the server does not know";
      case 413 -> "the request is too large. Shorten it";
      case 401, 403 ->
          settings.key().isPresent()
              ? "the key is not accepted. Check it, and that it may use the model "
                  + settings.model()
              : "a key is needed. Set one with apiKey";
      case 404, 405 ->
          ("not found. Check the address, and whether the server has the model %s: GET %s"
                  + " lists what it has")
              .formatted(settings.model(), ChatSettings.models(settings.endpoint()));
      default -> "the request failed. Check the address and the server's log";
    };
  }

  GeneratorException ofAnswer(String body) {
    return new GeneratorException(
        "%s: the request failed. Look at the server's log (it said%s)"
            .formatted(settings.shown(), message(body)));
  }

  /** Without a cause: a parser's exception would quote the answer. */
  GeneratorException notACompletion(String body) {
    return new GeneratorException(
        settings.shown()
            + ": expected a chat completion in JSON, found '"
            + shortened(body)
            + "'. Check that the address is that of an OpenAI-compatible server");
  }

  GeneratorException cutOff(String reason, int characters, Exception cause) {
    return new GeneratorException(
        "%s: %s after %s characters of the answer. Ask again, or without streaming"
            .formatted(settings.shown(), reason, characters),
        cause);
  }

  /** Explains an answer that never ends although the number of its tokens was limited. */
  GeneratorException endless(String what, long most, int maxNewTokens, int characters) {
    return new GeneratorException(
        ("%s: more than %s %s came in answer to a request with maxNewTokens %s; stopped"
                + " reading after %s characters. The server ignores the field %s: set the name"
                + " it knows with OpenAiCompatible.Builder.limitName, or raise maxNewTokens")
            .formatted(
                settings.shown(), most, what, maxNewTokens, characters, settings.limitName()));
  }

  /** Reads the server's message in the formats of OpenAI, vLLM, Ollama and FastAPI. */
  private String message(String body) {
    String found = "";
    try {
      JsonNode json = Json.parse(body);
      JsonNode error = json.path("error");
      for (JsonNode place :
          List.of(error.path("message"), error, json.path("message"), json.path("detail"))) {
        if (found.isEmpty() && !place.isMissingNode() && !place.isNull()) {
          found = place.isTextual() ? place.textValue() : place.toString();
        }
      }
    } catch (JsonProcessingException e) {
      found = body;
    }
    return found.isBlank() ? "" : ": " + shortened(found);
  }

  String shortened(String text) {
    String line = settings.withoutSecrets(text).replaceAll("\\s+", " ").strip();
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "...";
  }
}
