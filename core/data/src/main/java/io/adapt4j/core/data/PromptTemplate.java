package io.adapt4j.core.data;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Template of prompts: texts with field names in braces, such as {@code {instruction}}. Of several
 * variants the first one is used whose fields all have a text in the row, so that rows without an
 * {@code input} can have their own wording. Field values are inserted verbatim; braces in them have
 * no meaning.
 */
public final class PromptTemplate {

  /**
   * The prompt of Stanford Alpaca, with and without an input, followed by a newline. Source: {@code
   * train.py} of tatsu-lab/stanford_alpaca.
   */
  public static final PromptTemplate ALPACA =
      of(
          "Below is an instruction that describes a task, paired with an input that provides further"
              + " context. Write a response that appropriately completes the request.\n\n"
              + "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:\n",
          "Below is an instruction that describes a task. Write a response that appropriately"
              + " completes the request.\n\n### Instruction:\n{instruction}\n\n### Response:\n");

  /** A document, followed by {@code Summary:} on its own line. */
  public static final PromptTemplate SUMMARY = of("{document}\n\nSummary:\n");

  /** An optional context and a question, followed by {@code Answer:} on its own line. */
  public static final PromptTemplate QUESTION =
      of(
          "Context: {context}\n\nQuestion: {question}\nAnswer:\n",
          "Question: {question}\nAnswer:\n");

  private static final Pattern FIELD = Pattern.compile("\\{([A-Za-z_][A-Za-z0-9_-]*)}");

  private final List<String> variants;

  private PromptTemplate(List<String> variants) {
    this.variants = variants;
  }

  /**
   * Creates a template.
   *
   * @param variants the texts, the one with the most fields first
   * @return the template
   * @throws IllegalArgumentException if there is none
   */
  public static PromptTemplate of(String... variants) {
    if (variants.length == 0) {
      throw new IllegalArgumentException("a template needs at least one text, found none");
    }
    return new PromptTemplate(List.of(variants));
  }

  List<String> variants() {
    return variants;
  }

  /**
   * Renders the prompt of a row.
   *
   * @param field returns the text of a field; empty or null if there is none
   * @return the prompt
   * @throws IllegalArgumentException if no variant applies
   */
  public String render(Function<String, String> field) {
    for (String variant : variants) {
      if (fields(variant).stream().allMatch(name -> hasText(field.apply(name)))) {
        return FIELD
            .matcher(variant)
            .replaceAll(match -> Matcher.quoteReplacement(field.apply(match.group(1))));
      }
    }
    String last = variants.get(variants.size() - 1);
    throw new IllegalArgumentException(
        "the template needs a text in "
            + fields(last).stream().filter(name -> !hasText(field.apply(name))).toList());
  }

  /** Returns the variants, one per line. */
  @Override
  public String toString() {
    return String.join("\n", variants);
  }

  private static boolean hasText(String text) {
    return text != null && !text.isEmpty();
  }

  private static List<String> fields(String variant) {
    List<String> names = new ArrayList<>();
    Matcher matcher = FIELD.matcher(variant);
    while (matcher.find()) {
      names.add(matcher.group(1));
    }
    return names;
  }
}
