package io.adapt4j.core.text;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.http.AnswerLimit;
import io.adapt4j.core.internal.http.AnswerLimitException;
import io.adapt4j.core.internal.http.BoundedInput;
import io.adapt4j.core.internal.http.JsonApi;
import io.adapt4j.core.internal.http.Retries;
import io.adapt4j.core.internal.http.StallGuard;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends requests for chat completions, with retries. */
final class ChatClient {

  private static final Logger LOG = LoggerFactory.getLogger(ChatClient.class);
  private static final int MAX_ERROR_BYTES = 1 << 16;

  private final ChatSettings settings;
  private final ChatErrors errors;
  private final JsonApi api;
  private final Retries retries;
  private final Semaphore places;
  private final RateLimiter rateLimiter;

  /** Whether the server has ever answered: if so, it is expected to come back. */
  private volatile boolean reached;

  ChatClient(ChatSettings settings) {
    this.settings = settings;
    this.errors = new ChatErrors(settings);
    this.api =
        new JsonApi(
            settings.endpoint(),
            settings.shown(),
            settings.connectTimeout(),
            settings.timeout(),
            GeneratorException::new);
    this.retries = new Retries(settings.retries(), settings.sleeper(), LOG::warn);
    this.places = new Semaphore(settings.parallel());
    this.rateLimiter = new RateLimiter(settings.perMinute(), settings.sleeper());
  }

  GeneratedText complete(List<ChatMessage> messages, GenerationOptions options) {
    HttpRequest request = request(ChatBody.of(settings, messages, options, false));
    return call(() -> complete(request));
  }

  GeneratedText stream(
      List<ChatMessage> messages, GenerationOptions options, Consumer<String> onText) {
    HttpRequest request = request(ChatBody.of(settings, messages, options, true));
    return call(() -> stream(request, options.maxNewTokens(), onText));
  }

  private GeneratedText call(Retries.Attempt<GeneratedText> attempt) {
    Retries.Attempt<GeneratedText> limited = () -> inItsPlace(attempt);
    try {
      return reached
          ? retries.call(settings.shown(), limited)
          : retries.callIfReachable(settings.shown(), limited);
    } catch (ConnectException | HttpConnectTimeoutException e) {
      throw new GeneratorException(
          "cannot reach %s: %s. Start the server or correct the address"
              .formatted(settings.shown(), Retries.reason(e)),
          e);
    } catch (InterruptedIOException | AnswerLimitException e) {
      throw new GeneratorException(e.getMessage(), e);
    } catch (IOException e) {
      throw new GeneratorException(
          ("%s: %s; gave up after %s attempts. Look at the server's log, lower parallel, or"
                  + " raise timeout or retries")
              .formatted(settings.shown(), Retries.reason(e), settings.retries() + 1),
          e);
    }
  }

  private GeneratedText inItsPlace(Retries.Attempt<GeneratedText> attempt) throws IOException {
    try {
      places.acquire();
    } catch (InterruptedException e) {
      throw api.interrupted(e);
    }
    try {
      rateLimiter.await();
      return attempt.run();
    } catch (InterruptedException e) {
      throw api.interrupted(e);
    } finally {
      places.release();
    }
  }

  private GeneratedText complete(HttpRequest request) throws IOException {
    HttpResponse<byte[]> response = api.send(request, settings.answerLimit().collected());
    reached = true;
    String body = new String(response.body(), StandardCharsets.UTF_8);
    if (response.statusCode() != 200) {
      throw errors.explain(response.statusCode(), response.headers(), body);
    }
    return ChatAnswer.parse(body, errors);
  }

  private GeneratedText stream(HttpRequest request, int maxNewTokens, Consumer<String> onText)
      throws IOException {
    HttpResponse<InputStream> response = api.send(request, BodyHandlers.ofInputStream());
    reached = true;
    AnswerLimit limit = settings.answerLimit();
    try (StallGuard guard = new StallGuard(settings.timeout());
        BoundedInput body =
            limit.bound(
                guard.guard(response.body()),
                settings.wholeStream(),
                settings.timeout(),
                "OpenAiCompatible.Builder.streamTimeout")) {
      if (response.statusCode() != 200) {
        String said = new String(body.readNBytes(MAX_ERROR_BYTES), StandardCharsets.UTF_8);
        throw errors.explain(response.statusCode(), response.headers(), said);
      }
      boolean whole =
          response.headers().firstValue("Content-Type").orElse("").startsWith("application/json");
      if (whole) {
        GeneratedText answer =
            ChatAnswer.parse(new String(body.readAllBytes(), StandardCharsets.UTF_8), errors);
        onText.accept(answer.text());
        return answer;
      }
      return new ChatStream(body, limit, maxNewTokens, errors, onText).read();
    }
  }

  private HttpRequest request(ObjectNode body) {
    HttpRequest.Builder request = api.request(body, settings.key());
    settings.headers().forEach(request::setHeader);
    return request.build();
  }
}
