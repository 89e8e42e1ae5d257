package io.adapt4j.serve.internal.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.exception.TooManyRequestsException;
import io.adapt4j.core.generate.PromptTooLongException;
import io.adapt4j.core.internal.load.UnknownAdapterException;
import io.adapt4j.jinja.TemplateException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** An error answer in OpenAI's format. */
public final class Fault extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final String INVALID = "invalid_request_error";
  private static final String LIMITED = "rate_limit_error";
  private static final String SERVER = "server_error";

  private final int status;
  private final String type;
  private final @Nullable String param;
  private final @Nullable String code;
  private final Duration retryAfter;

  private Fault(
      int status, String type, @Nullable String param, @Nullable String code, String message) {
    this(status, type, param, code, message, Duration.ofSeconds(1));
  }

  private Fault(
      int status,
      String type,
      @Nullable String param,
      @Nullable String code,
      String message,
      Duration retryAfter) {
    super(message, null, false, false);
    this.retryAfter = retryAfter;
    this.status = status;
    this.type = type;
    this.param = param;
    this.code = code;
  }

  /** A request that cannot be answered. */
  public static Fault invalid(
      int status, @Nullable String param, @Nullable String code, String message) {
    return new Fault(status, INVALID, param, code, message);
  }

  /** A parameter with an invalid value. */
  public static Fault parameter(String name, String message) {
    return invalid(400, name, "invalid_value", name + ": " + message);
  }

  /** A parameter that this server does not support, or not with this value. */
  public static Fault unsupported(String name, String message) {
    return invalid(400, name, "unsupported_parameter", name + ": " + message);
  }

  public static Fault unknownModel(String name) {
    return invalid(
        404,
        "model",
        "model_not_found",
        "The model '" + name + "' does not exist. GET /v1/models lists those that do.");
  }

  public static Fault unknownUrl(String path) {
    return invalid(404, null, "unknown_url", "There is nothing at this address: " + path);
  }

  public static Fault unauthorized() {
    return invalid(
        401,
        null,
        "invalid_api_key",
        "A valid API key is needed, as the header 'Authorization: Bearer KEY'.");
  }

  /** A request for which there is no room now, and when to come back. */
  public static Fault busy(String message, Duration retryAfter) {
    return new Fault(429, LIMITED, null, "rate_limit_exceeded", message, retryAfter);
  }

  public static Fault closing() {
    return new Fault(503, SERVER, null, "shutting_down", "The server is shutting down.");
  }

  /** A request that was not answered within its time limit. */
  public static Fault late(Duration time) {
    return new Fault(
        503,
        SERVER,
        null,
        "timeout",
        "The request was not answered within %d seconds. Ask for less, or again later."
            .formatted(Math.max(1, time.toSeconds())));
  }

  private static Fault internal() {
    return new Fault(
        500, SERVER, null, "internal_error", "The server failed to answer; its log says why.");
  }

  /** Converts a failure into an error for the client. */
  public static Fault of(Throwable failure, String prompt) {
    if (failure instanceof Fault fault) {
      return fault;
    }
    if (failure instanceof PromptTooLongException tooLong) {
      return invalid(
          400,
          prompt,
          "context_length_exceeded",
          "This model's maximum context length is %d tokens, at least one of them new. However, the %s resulted in %s%d tokens. Shorten the %s."
              .formatted(
                  tooLong.limit(),
                  prompt,
                  tooLong.getCause() == null ? "" : "at least ",
                  tooLong.promptTokens(),
                  prompt));
    }
    if (failure instanceof UnknownAdapterException unknown) {
      return unknownModel(unknown.name());
    }
    if (failure instanceof TooManyRequestsException busy) {
      return busy(
          "The model has as many waiting requests as it can answer in time. Ask again later.",
          busy.retryAfter());
    }
    if (failure instanceof ChatException || failure instanceof TemplateException) {
      return invalid(400, prompt, "chat_template", String.valueOf(failure.getMessage()));
    }
    if (failure instanceof IllegalArgumentException) {
      return invalid(400, prompt, null, String.valueOf(failure.getMessage()));
    }
    if (failure instanceof IllegalStateException
        && String.valueOf(failure.getMessage()).endsWith("has been closed")) {
      return closing();
    }
    return internal();
  }

  public int status() {
    return status;
  }

  /** Returns whether the same request may succeed later. */
  public boolean isPassing() {
    return status == 429 || status == 503;
  }

  /** Returns the time after which it may succeed, in whole seconds. */
  public long retryAfterSeconds() {
    return Math.max(1, retryAfter.plusNanos(999_999_999).toSeconds());
  }

  /** Returns whether an operator should look at the server. */
  public boolean isInternal() {
    return status == 500;
  }

  public ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putObject("error")
        .put("message", getMessage())
        .put("type", type)
        .put("param", param)
        .put("code", code);
    return json;
  }
}
