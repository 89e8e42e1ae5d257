package io.adapt4j.rag.document;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.vision.Picture;
import io.adapt4j.vision.VisionLanguageModel;
import java.util.List;
import java.util.Map;

/**
 * Reads pages with a vision language model, such as granite-docling. DocTags become Markdown with
 * places, tables in it HTML; other texts are kept as the model writes them, without places.
 *
 * <p>Needs {@code adapt4j-vision} on the class path. Decodes greedily. Immutable: each option
 * returns a new instance. As thread-safe as the model, which stays open.
 */
public final class VisionPageReader implements PageReader {

  /** Default prompt, that of granite-docling. */
  public static final String DEFAULT_PROMPT = "Convert this page to docling.";

  /** Default maximum number of tokens of a page. */
  public static final int DEFAULT_TOKENS = 4096;

  private final VisionLanguageModel model;
  private final String prompt;
  private final int tokens;

  private VisionPageReader(VisionLanguageModel model, String prompt, int tokens) {
    this.model = model;
    this.prompt = prompt;
    this.tokens = tokens;
  }

  /**
   * Creates a reader.
   *
   * @param model the model, closed by the caller after the reader's last use
   * @return a reader with {@link #DEFAULT_PROMPT} and at most {@value #DEFAULT_TOKENS} tokens a
   *     page
   */
  public static VisionPageReader of(VisionLanguageModel model) {
    return new VisionPageReader(Texts.require("model", model), DEFAULT_PROMPT, DEFAULT_TOKENS);
  }

  /**
   * Sets the prompt.
   *
   * @param text what the model is asked for, after the picture
   * @return a new reader
   */
  public VisionPageReader withPrompt(String text) {
    return new VisionPageReader(model, Texts.require("text", text), tokens);
  }

  /**
   * Sets the maximum number of tokens of a page's text.
   *
   * @param most at least 1; a page with more is truncated and reported
   * @return a new reader
   * @throws IllegalArgumentException if it is less than 1
   */
  public VisionPageReader withTokens(int most) {
    if (most < 1) {
      throw new IllegalArgumentException("tokens: expected at least 1, found " + most);
    }
    return new VisionPageReader(model, prompt, most);
  }

  /** Stops before the next token when the thread is interrupted. */
  @Override
  public PageText read(byte[] png) throws InterruptedException {
    ChatMessage question =
        ChatMessage.of(
            Map.of(
                "role",
                "user",
                "content",
                List.of(Map.of("type", "image"), Map.of("type", "text", "text", prompt))));
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder()
            .maxNewTokens(tokens)
            .skipSpecialTokens(false)
            .build();
    CancellationToken cancellation = new CancellationToken();
    Generation page =
        model.chat(
            List.of(question),
            List.of(Picture.of(png)),
            ChatOptions.defaults(),
            options,
            text -> {
              if (Thread.currentThread().isInterrupted()) {
                cancellation.cancel();
              }
            },
            cancellation);
    if (page.finishReason() == FinishReason.CANCELLED) {
      throw new InterruptedException("Interrupted while a page was read");
    }
    boolean truncated = page.finishReason() == FinishReason.LENGTH;
    if (DocTags.isIn(page.text())) {
      return DocTags.parse(page.text(), truncated);
    }
    int[] ids = page.tokenIds().stream().mapToInt(Integer::intValue).toArray();
    String text = model.languageModel().tokenizer().decode(ids, true).strip();
    return new PageText(text, List.of(), truncated);
  }
}
