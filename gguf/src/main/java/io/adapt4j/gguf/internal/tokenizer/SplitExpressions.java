package io.adapt4j.gguf.internal.tokenizer;

/** Regular expressions by which byte-level BPE tokenizers split texts. */
public final class SplitExpressions {

  private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

  public static final String SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  public static final String LLAMA3 = words("\\p{N}{1,3}");

  public static final String QWEN2 = words("\\p{N}");

  /** Splits at spaces and punctuation. */
  public static final String BLOOM = " ?[^(\\s|[.,!?…。，、।۔،])]+";

  /** As Qwen 2, with marks counted as letters. */
  public static final String QWEN35 =
      CONTRACTIONS
          + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*"
          + SPACES;

  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";

  public static final String GPT_4O = casedWords(CONTRACTIONS + "?", "\\p{N}{1,3}");

  public static final String TEKKEN = casedWords("", "\\p{N}");

  /** As Qwen 2, but punctuation does not include the line breaks after it. */
  public static final String SEED_CODER =
      CONTRACTIONS
          + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+"
          + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private SplitExpressions() {}

  private static String words(String numbers) {
    return CONTRACTIONS
        + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
        + numbers
        + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
        + SPACES;
  }

  private static String casedWords(String contractions, String numbers) {
    String start = "[^\\r\\n\\p{L}\\p{N}]?";
    return start
        + UPPER
        + "*"
        + LOWER
        + "+"
        + contractions
        + "|"
        + start
        + UPPER
        + "+"
        + LOWER
        + "*"
        + contractions
        + "|"
        + numbers
        + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"
        + SPACES;
  }
}
