package io.adapt4j.core.internal.http;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/**
 * Maximum size of a response in bytes. Every response held in memory is read through this class,
 * since the server decides how much it sends.
 */
public record AnswerLimit(String address, long maxBytes, String setting) {

  /** Maximum size of an error's text, of which only the beginning is ever shown. */
  private static final int MAX_ERROR_BYTES = 1 << 16;

  /**
   * Collects the body of a response in memory. If the status is not 200, only the first 64 KiB are
   * kept; any other response that exceeds the limit fails with {@link AnswerLimitException}.
   */
  public BodyHandler<byte[]> collected() {
    return answer -> {
      boolean failed = answer.statusCode() != 200;
      long announced = answer.headers().firstValueAsLong("Content-Length").orElse(0);
      return new Collector(failed, !failed && announced > maxBytes);
    };
  }

  /**
   * Limits the body of a streamed response.
   *
   * @param useless maximum time in which bytes arrive without a call to {@link
   *     BoundedInput#progress}
   */
  public BoundedInput bound(
      InputStream body, Duration total, Duration useless, String totalSetting) {
    return new BoundedInput(body, this, total, useless, totalSetting);
  }

  /** Limits the lines of a response: at most an eighth of the limit, or 1 MiB if that is more. */
  public BoundedLines lines(InputStream body) {
    return new BoundedLines(body, this, Math.max(1 << 20, maxBytes / 8));
  }

  /** Creates the exception for a response that is too large. */
  AnswerLimitException exceeded() {
    return exceeded("the answer is longer than " + bytes(maxBytes));
  }

  /** Creates the exception for a part of a response that is too large. */
  AnswerLimitException exceeded(String problem) {
    return new AnswerLimitException(
        address
            + ": "
            + problem
            + ", and was not read further. Check that this is the right server"
            + (setting.isEmpty() ? "" : "; if it is, raise the limit with " + setting));
  }

  /** Creates the exception for a response that takes too long although data keeps arriving. */
  AnswerLimitException late(Duration total, String totalSetting) {
    return new AnswerLimitException(
        address
            + ": the answer has not ended within "
            + total.toMillis() / 1000.0
            + " s"
            + (totalSetting.isEmpty() ? "" : ". If that is expected, raise " + totalSetting));
  }

  static String bytes(long count) {
    return String.format(Locale.ROOT, "%,d bytes", count);
  }

  private final class Collector implements BodySubscriber<byte[]> {

    private final CompletableFuture<byte[]> result = new CompletableFuture<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final boolean failed;
    private final boolean tooLarge;
    private Flow.Subscription source;

    private Collector(boolean failed, boolean tooLarge) {
      this.failed = failed;
      this.tooLarge = tooLarge;
    }

    @Override
    public CompletionStage<byte[]> getBody() {
      return result;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      source = subscription;
      if (tooLarge) {
        source.cancel();
        result.completeExceptionally(exceeded());
        return;
      }
      source.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      for (ByteBuffer buffer : buffers) {
        add(buffer);
        if (result.isDone()) {
          source.cancel();
          return;
        }
      }
      source.request(1);
    }

    private void add(ByteBuffer buffer) {
      long room = (failed ? Math.min(MAX_ERROR_BYTES, maxBytes) : maxBytes) - bytes.size();
      if (buffer.remaining() > room && !failed) {
        result.completeExceptionally(exceeded());
        return;
      }
      byte[] part = new byte[(int) Math.min(room, buffer.remaining())];
      boolean full = buffer.remaining() > room;
      buffer.get(part);
      bytes.writeBytes(part);
      if (full) {
        result.complete(bytes.toByteArray());
      }
    }

    @Override
    public void onError(Throwable failure) {
      result.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      result.complete(bytes.toByteArray());
    }
  }
}
