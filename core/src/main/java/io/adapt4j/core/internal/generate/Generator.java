package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Generates from tokenized prompts. Not thread safe. */
public final class Generator {

  private final Decoder decoder;
  private final Optional<Tokenizer> tokenizer;
  private final Set<Integer> endIds;
  private final int padId;

  /**
   * Creates a generator.
   *
   * @param decoder the model, with its weights
   * @param tokenizer turns tokens into text; without it results have no text
   * @param endIds the model's end-of-sequence tokens
   * @param padId fills short and ended rows of a batch
   */
  public Generator(Decoder decoder, Optional<Tokenizer> tokenizer, Set<Integer> endIds, int padId) {
    this.decoder = decoder;
    this.tokenizer = tokenizer;
    this.endIds = Set.copyOf(endIds);
    this.padId = padId;
  }

  /**
   * Generates from several prompts as one batch.
   *
   * @param prompts token ids, at least one each
   * @param options how to choose tokens and when to stop
   * @param onText takes the text of all rows in pieces as it is produced
   * @param cancellation ends the generation early
   * @return one result a prompt, in their order
   * @throws IllegalArgumentException if a prompt is empty, has an unknown token or leaves no room
   *     for a new token
   */
  public List<Generation> generate(
      List<int[]> prompts,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    int limit = options.ignoreContextLength() ? decoder.positionLimit() : decoder.lengthLimit();
    requireUsable(prompts, limit);
    if (prompts.isEmpty()) {
      return List.of();
    }
    List<Sequence> rows = new ArrayList<>();
    for (int row = 0; row < prompts.size(); row++) {
      int[] prompt = prompts.get(row);
      TextOutput text = text(prompt, options, onText);
      rows.add(new Sequence(prompt, row, limit - prompt.length, options, endIds, text));
    }
    new TokenLoop(decoder, rows, options, padId).run(cancellation);
    return rows.stream().map(Sequence::result).toList();
  }

  private TextOutput text(int[] prompt, GenerationOptions options, Consumer<String> onText) {
    if (tokenizer.isPresent()) {
      return TextOutput.of(tokenizer.get().stream(true, prompt), options.stopStrings(), onText);
    }
    if (!options.stopStrings().isEmpty()) {
      throw new IllegalStateException(
          "stopStrings need a tokenizer, and this model has none; use stopIds");
    }
    return TextOutput.none();
  }

  private void requireUsable(List<int[]> prompts, int limit) {
    for (int i = 0; i < prompts.size(); i++) {
      int[] prompt = prompts.get(i);
      if (prompt.length == 0) {
        throw new IllegalArgumentException("Prompt " + i + " has no tokens; give at least one");
      }
      decoder.requireKnownIds(prompt, "Prompt " + i);
      if (prompt.length >= limit) {
        throw new IllegalArgumentException(
            "Prompt "
                + i
                + " has "
                + prompt.length
                + " tokens, but the model's context holds "
                + limit
                + " including at least one new token; shorten the prompt to "
                + (limit - 1)
                + (limit < decoder.positionLimit()
                    ? ", or set ignoreContextLength in GenerationOptions to go beyond"
                    : ""));
      }
    }
  }
}
