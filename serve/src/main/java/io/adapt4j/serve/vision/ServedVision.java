package io.adapt4j.serve.vision;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.ModelPrompts;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.vision.VisionLanguageModel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    Map<String, byte[]> files = new LinkedHashMap<>();
    pictures.forEach(attached -> files.put(attached.name(), attached.bytes()));
    if (files.isEmpty()) {
      return new Held(model.prompt(messages, files, rendering, options, cancellation));
    }
    waitForTurn(cancellation);
    try {
      return new Held(model.prompt(messages, files, rendering, options, cancellation));
    } finally {
      DECODING.release();
    }
  }

  private static void waitForTurn(CancellationToken cancellation) {
    try {
      while (!DECODING.tryAcquire(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        if (cancellation.isCancelled()) {
          throw new CancellationException("the request was cancelled");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("the thread was interrupted");
    }
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
