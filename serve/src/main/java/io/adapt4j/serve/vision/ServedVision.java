package io.adapt4j.serve.vision;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.ModelPrompts;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.vision.Picture;
import io.adapt4j.vision.PictureException;
import io.adapt4j.vision.PictureLimits;
import io.adapt4j.vision.VisionLanguageModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Reads pictures of requests with a {@link VisionLanguageModel} of the module {@code vision}, which
 * the application adds to its class path. The pictures of a request may have 64 * 1024 * 1024
 * pixels together; those of one request of the process are in memory at a time.
 */
public final class ServedVision implements PictureModel {

  private static final int MOST_PIXELS = 64 << 20;
  private static final long POLL_MILLIS = 20;

  /** Held while the pixels of a request are in memory. */
  private static final Semaphore DECODING = new Semaphore(1, true);

  private final VisionLanguageModel model;

  /**
   * Creates the reading of pictures with a model.
   *
   * @param model the model, open for as long as the server
   */
  public ServedVision(VisionLanguageModel model) {
    this.model = Objects.requireNonNull(model, "model");
  }

  @Override
  public LanguageModel languageModel() {
    return model.languageModel();
  }

  @Override
  public PictureModel withAdapter(String name) {
    return new ServedVision(model.withAdapter(name));
  }

  @Override
  public Prompt prompt(
      List<ChatMessage> messages,
      List<Attached> pictures,
      ChatOptions rendering,
      GenerationOptions options,
      CancellationToken cancellation) {
    if (pictures.isEmpty()) {
      return new Held(model.prompt(messages, List.of(), rendering, options, cancellation));
    }
    waitForTurn(cancellation);
    try {
      List<Picture> decoded = decoded(pictures, cancellation);
      return new Held(model.prompt(messages, decoded, rendering, options, cancellation));
    } finally {
      DECODING.release();
    }
  }

  private static void waitForTurn(CancellationToken cancellation) {
    try {
      while (!DECODING.tryAcquire(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        requireWanted(cancellation);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("the thread was interrupted");
    }
  }

  private static void requireWanted(CancellationToken cancellation) {
    if (cancellation.isCancelled()) {
      throw new CancellationException("the request was cancelled");
    }
  }

  private static List<Picture> decoded(List<Attached> pictures, CancellationToken cancellation) {
    PictureLimits usual = PictureLimits.defaults();
    List<Picture> decoded = new ArrayList<>();
    int left = MOST_PIXELS;
    for (Attached attached : pictures) {
      requireWanted(cancellation);
      try {
        PictureLimits limits =
            new PictureLimits(usual.bytes(), Math.max(1, left), usual.side(), usual.frames());
        Picture picture = Picture.of(attached.name(), attached.bytes(), limits);
        left -= picture.width() * picture.height();
        decoded.add(picture);
      } catch (PictureException e) {
        String all =
            left < MOST_PIXELS
                ? " The pictures of a request may have " + MOST_PIXELS + " pixels together."
                : "";
        throw new IllegalArgumentException(e.getMessage() + all, e);
      }
    }
    return decoded;
  }

  private record Held(VisionLanguageModel.Prompt prompt) implements Prompt {

    @Override
    public ModelPrompts.Prepared prepared() {
      return prompt.prepared();
    }

    @Override
    public void close() {
      prompt.close();
    }
  }
}
