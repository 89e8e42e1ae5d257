package io.adapt4j.gguf;

import java.util.List;
import java.util.Locale;

/**
 * Comparison of a GGUF file with its source model on the user's texts. This library runs both in
 * fp32, so any difference comes from the stored values.
 *
 * @param texts number of texts compared
 * @param tokens number of tokens in these texts
 * @param otherTokens number of texts that the file's tokenizer encodes differently; they are
 *     compared on the model's tokens
 * @param largestLogitDifference largest difference between any two logits
 * @param perplexity perplexity of the model on the texts
 * @param filePerplexity perplexity of the file on the texts
 * @param sameLikeliest number of positions where both predict the same most likely token
 * @param generatedTokens number of tokens that the model generated greedily, after all texts
 * @param agreedTokens number of those that the file generated too, before the two diverge
 * @param partings positions where generations diverge, at most one per text
 */
public record ExportVerification(
    int texts,
    long tokens,
    int otherTokens,
    double largestLogitDifference,
    double perplexity,
    double filePerplexity,
    long sameLikeliest,
    long generatedTokens,
    long agreedTokens,
    List<Parting> partings) {

  /**
   * First position where the file generates a different token than the model.
   *
   * @param text index of the text
   * @param position number of tokens both had generated before it
   * @param expected token that the model generates
   * @param found token that the file generates
   * @param margin difference between the model's two highest logits; a small margin means a near
   *     tie
   */
  public record Parting(int text, int position, String expected, String found, double margin) {}

  /** Copies the list. */
  public ExportVerification {
    partings = List.copyOf(partings);
  }

  /** {@return the relative increase in perplexity over the model's; negative if it falls} */
  public double perplexityRise() {
    return filePerplexity / perplexity - 1;
  }

  /** {@return the fraction of positions where both predict the same most likely token} */
  public double likeliestAgreement() {
    return tokens == 0 ? 1 : (double) sameLikeliest / tokens;
  }

  /** {@return the fraction of generated tokens before the two diverge} */
  public double generationAgreement() {
    return generatedTokens == 0 ? 1 : (double) agreedTokens / generatedTokens;
  }

  /** {@return the comparison in a few lines} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    line(text, "texts              %d, %,d tokens", texts, tokens);
    line(
        text,
        "tokenizer          %s",
        otherTokens == 0 ? "the same tokens" : otherTokens + " texts in other tokens");
    line(text, "largest difference %.4g of a logit", largestLogitDifference);
    line(
        text,
        "perplexity         %.4f, file %.4f (%+.2f %%)",
        perplexity,
        filePerplexity,
        100 * perplexityRise());
    line(text, "likeliest token    the same %.2f %% of the time", 100 * likeliestAgreement());
    line(
        text,
        "greedy text        %,d of %,d tokens before the two part",
        agreedTokens,
        generatedTokens);
    for (Parting parting : partings.subList(0, Math.min(5, partings.size()))) {
      line(
          text,
          "  text %d, token %d: '%s' became '%s', margin %.4g",
          parting.text() + 1,
          parting.position() + 1,
          parting.expected(),
          parting.found(),
          parting.margin());
    }
    if (partings.size() > 5) {
      line(text, "  and %d more", partings.size() - 5);
    }
    return text.toString().stripTrailing();
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values).replace('\n', ' ')).append('\n');
  }
}
