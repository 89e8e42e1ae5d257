package io.adapt4j.gguf;

import java.util.List;
import java.util.Locale;

/**
 * How a GGUF file compares with the model it was made of, on texts of the user's. Both are run by
 * this library, in fp32, so that differences are those of the stored values and of nothing else.
 *
 * @param texts how many texts both read
 * @param tokens tokens of these texts
 * @param otherTokens texts that the file's tokenizer turns into other tokens; they are read in the
 *     model's own
 * @param largestLogitDifference the largest difference of any score of any token
 * @param perplexity of the model on the texts
 * @param filePerplexity of the file on the texts
 * @param sameLikeliest tokens after which both hold the same token for the likeliest
 * @param generatedTokens tokens that the model generated greedily, after each text
 * @param agreedTokens how many of them the file generated too, until the two part
 * @param partings where the two part, one at most for each text
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
   * Where the file generates another token than the model.
   *
   * @param text index of the text
   * @param position how many tokens both had generated
   * @param expected what the model generates
   * @param found what the file generates
   * @param margin how much higher the model scores its token than the next likeliest: a small one
   *     says that little was decided
   */
  public record Parting(int text, int position, String expected, String found, double margin) {}

  /**
   * Copies the list.
   *
   * @param texts how many texts both read
   * @param tokens tokens of these texts
   * @param otherTokens texts that the file's tokenizer turns into other tokens; they are read in
   *     the model's own
   * @param largestLogitDifference the largest difference of any score of any token
   * @param perplexity of the model on the texts
   * @param filePerplexity of the file on the texts
   * @param sameLikeliest tokens after which both hold the same token for the likeliest
   * @param generatedTokens tokens that the model generated greedily, after each text
   * @param agreedTokens how many of them the file generated too, until the two part
   * @param partings where the two part, one at most for each text
   */
  public ExportVerification {
    partings = List.copyOf(partings);
  }

  /** {@return by how much perplexity rises, as a share of the model's; negative where it falls} */
  public double perplexityRise() {
    return filePerplexity / perplexity - 1;
  }

  /** {@return the share of tokens after which both hold the same token for the likeliest} */
  public double likeliestAgreement() {
    return tokens == 0 ? 1 : (double) sameLikeliest / tokens;
  }

  /** {@return the share of generated tokens that both generated before they parted} */
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
