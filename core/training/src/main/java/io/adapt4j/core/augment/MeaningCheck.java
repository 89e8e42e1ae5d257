package io.adapt4j.core.augment;

import io.adapt4j.core.augment.RequestRunner.Outcome;
import io.adapt4j.core.augment.RequestRunner.Question;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Checks by models whether two texts have the same meaning. */
final class MeaningCheck {

  /** Options for a one-word answer; reasoning models need more tokens. */
  static final GenerationOptions YES_OR_NO =
      GenerationOptions.greedy().toBuilder().maxNewTokens(16).build();

  private MeaningCheck() {}

  /** Two texts to compare. */
  record Pair(String a, String b) {}

  /** Returns for each question whether a generator answers yes. */
  static List<Boolean> asked(
      RequestRunner requests, GenerationOptions options, List<String> questions) {
    List<Question> prompts =
        questions.stream().map(question -> new Question(question, options.seed())).toList();
    return requests.ask(prompts, options).stream().map(MeaningCheck::isYes).toList();
  }

  static String sameMeaning(Pair pair) {
    return """
        Text A:
        %s

        Text B:
        %s

        Do A and B say the same, with nothing added, left out or changed? Answer yes or no."""
        .formatted(pair.a().strip(), pair.b().strip());
  }

  static String rightAnswer(String passage, String question, String answer) {
    return """
        Text:
        %s

        Question: %s
        Answer: %s

        Is the answer right according to the text, and is the question clear without the text? \
        Answer yes or no."""
        .formatted(passage.strip(), question, answer);
  }

  private static boolean isYes(Outcome outcome) {
    return outcome.answer() != null
        && AnswerText.withoutThoughts(outcome.answer().text())
            .toLowerCase(Locale.ROOT)
            .replaceAll("^[^\\p{L}]+", "")
            .matches("(?s)yes\\b.*");
  }

  /** Returns the cosine similarities of the embeddings of text pairs. */
  static List<Double> similarities(
      Function<List<String>, List<float[]>> embedder, List<Pair> pairs) {
    List<String> texts = new ArrayList<>();
    pairs.forEach(pair -> texts.addAll(List.of(pair.a(), pair.b())));
    List<float[]> vectors = pairs.isEmpty() ? List.of() : embedder.apply(texts);
    List<Double> similarities = new ArrayList<>();
    for (int i = 0; i < vectors.size(); i += 2) {
      similarities.add(cosine(vectors.get(i), vectors.get(i + 1)));
    }
    return similarities;
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double aSquares = 0;
    double bSquares = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      aSquares += (double) a[i] * a[i];
      bSquares += (double) b[i] * b[i];
    }
    return product / Math.sqrt(aSquares * bSquares);
  }
}
