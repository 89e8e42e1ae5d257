package io.adapt4j.core.internal.encode;

import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;

/** Yes/no prompt of Qwen3-Reranker: asks whether a document matches a query. */
public final class ChoicePrompt {

  /** Default instruction, the one the model was trained with. */
  public static final String INSTRUCTION =
      "Given a web search query, retrieve relevant passages that answer the query";

  public static final String CHOSEN = "yes";
  public static final String REJECTED = "no";

  private static final String BEFORE =
      "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and"
          + " the Instruct provided. Note that the answer can only be \"yes\" or"
          + " \"no\".<|im_end|>\n<|im_start|>user\n";
  private static final String AFTER = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n";

  private final Tokenizer tokenizer;
  private final int[] before;
  private final int[] after;
  private final int room;

  /** Tokenizes the parts that all prompts share. */
  public ChoicePrompt(Tokenizer tokenizer, int maxTokens) {
    this.tokenizer = tokenizer;
    this.before = tokenizer.encode(BEFORE, false);
    this.after = tokenizer.encode(AFTER, false);
    this.room = maxTokens - before.length - after.length;
    if (room < 1) {
      throw new IllegalArgumentException(
          "The model reads %s tokens, fewer than the prompt around query and document has"
              .formatted(maxTokens));
    }
  }

  /** Finds the token id of an answer word. */
  public static int id(Path folder, Tokenizer tokenizer, String word) {
    return tokenizer
        .id(word)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "%s: expected a tokenizer with the token '%s', as Qwen3-Reranker has, found"
                            .formatted(folder, word)
                        + " none. Use a reranker, or fine-tune the model as a classifier of"
                        + " pairs."));
  }

  public static String text(String instruction, String query, String document) {
    return BEFORE + question(instruction, query, document) + AFTER;
  }

  private static String question(String instruction, String query, String document) {
    return "<Instruct>: " + instruction + "\n<Query>: " + query + "\n<Document>: " + document;
  }

  /** A tokenized prompt, and whether it had to be truncated. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Prompt(int[] ids, boolean truncated) {}

  public int[] of(String instruction, String query, String document) {
    return prompt(instruction, query, document).ids();
  }

  /** Tokenizes a prompt and records whether it was truncated. */
  public Prompt prompt(String instruction, String query, String document) {
    int[] whole = tokenizer.encodeBeginning(question(instruction, query, document), room + 1);
    int kept = Math.min(room, whole.length);
    int[] ids = Arrays.copyOf(before, before.length + kept + after.length);
    System.arraycopy(whole, 0, ids, before.length, kept);
    System.arraycopy(after, 0, ids, before.length + kept, after.length);
    return new Prompt(ids, kept < whole.length);
  }
}
