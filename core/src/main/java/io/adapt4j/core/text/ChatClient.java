package io.adapt4j.core.text;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.http.AnswerLimit;
import io.adapt4j.core.internal.http.AnswerLimitException;
import io.adapt4j.core.internal.http.BoundedInput;
import io.adapt4j.core.internal.http.Retries;
import io.adapt4j.core.internal.http.StallGuard;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends requests for chat completions, again where that may help. */
final class ChatClient {

  private static final Logger LOG = LoggerFactory.getLogger(ChatClient.class);
  private static final int MAX_ERROR_BYTES = 1 << 16;

  private final ChatSettings settings;
  private final ChatErrors errors;
  private final HttpClient http;
  private final Retries retries;
  private final Semaphore places;
  private final RateLimiter rateLimiter;

  /** Whether the server has ever answered: if so, it will be back. */
  private volatile boolean reached;

  ChatClient(ChatSettings settings) {
    this.settings = settings;
    this.errors = new ChatErrors(settings);
    // Servers on plain HTTP rarely know HTTP/2, and some stumble over the offer to change to it.
    boolean plain = settings.endpoint().getScheme().equals("http");
    this.http =
        HttpClient.newBuilder()
            .version(plain ? HttpClient.Version.HTTP_1_1 : HttpClient.Version.HTTP_2)
            .connectTimeout(settings.connectTimeout())
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
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
      throw interrupted(e);
    }
    try {
      rateLimiter.await();
      return attempt.run();
    } catch (InterruptedException e) {
      throw interrupted(e);
    } finally {
      places.release();
    }
  }

  private GeneratedText complete(HttpRequest request) throws IOException {
    CompletableFuture<HttpResponse<byte[]>> sent =
        http.sendAsync(request, settings.answerLimit().collected());
    HttpResponse<byte[]> response = await(sent);
    reached = true;
    String body = new String(response.body(), StandardCharsets.UTF_8);
    if (response.statusCode() != 200) {
      throw errors.explain(response.statusCode(), response.headers(), body);
    }
    return ChatAnswer.parse(body, errors);
  }

  /** The client's own timeout ends with the headers, so the whole exchange is timed here. */
  private <T> T await(CompletableFuture<T> sent) throws IOException {
    try {
      return sent.get(settings.timeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      sent.cancel(true);
      throw new HttpTimeoutException(
          "no answer within " + settings.timeout().toMillis() / 1000.0 + " s");
    } catch (InterruptedException e) {
      sent.cancel(true);
      throw interrupted(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new GeneratorException(settings.shown() + ": " + Retries.reason(e), e);
    }
  }

  private GeneratedText stream(HttpRequest request, int maxNewTokens, Consumer<String> onText)
      throws IOException {
    HttpResponse<InputStream> response =
        await(http.sendAsync(request, BodyHandlers.ofInputStream()));
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
    HttpRequest.Builder request =
        HttpRequest.newBuilder(settings.endpoint())
            .header("Content-Type", "application/json")
            .header("User-Agent", "adapt4j; java/" + Runtime.version().feature())
            .POST(HttpRequest.BodyPublishers.ofString(Json.compact(body), StandardCharsets.UTF_8));
    settings.key().ifPresent(key -> request.header("Authorization", "Bearer " + key));
    settings.headers().forEach(request::setHeader);
    return request.build();
  }

  private IOException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return Retries.interrupted("the request to " + settings.shown(), e);
  }
}
