package io.adapt4j.core.augment;

import io.adapt4j.core.augment.QuestionParser.Pair;
import io.adapt4j.core.augment.RequestRunner.Outcome;
import io.adapt4j.core.augment.RequestRunner.Question;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.internal.UnpairedSurrogates;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Generates questions about the rows of a dataset, several rows at a time. */
final class QuestionRun {

  /** Number of rows whose questions are requested together, with one request each. */
  private static final int WINDOW = 32;

  private final QuestionWriter options;
  private final Dataset dataset;
  private final Counts counts;
  private final RequestRunner requests;
  private final Optional<RequestRunner> judge;

  QuestionRun(QuestionWriter options, Dataset dataset) {
    this.options = options;
    this.dataset = dataset;
    this.counts = new Counts(dataset.name(), dataset.size());
    this.requests = new RequestRunner(options.kept(options.generator), counts);
    this.judge =
        options.judge.map(textGenerator -> new RequestRunner(options.kept(textGenerator), counts));
  }

  /**
   * A passage and the questions about it so far; the passage itself is not accepted as a question.
   */
  private static final class Passage {

    private final int row;
    private final String text;
    private final Paraphrases questions;
    private final List<Pair> pairs = new ArrayList<>();

    private Passage(int row, String text, double nearness) {
      this.row = row;
      this.text = text;
      this.questions = new Paraphrases(text, nearness);
    }
  }

  private record Candidate(Passage passage, Pair pair) {}

  Augmented run() {
    AugmentedRows rows = new AugmentedRows(dataset, options.idField, options.keptFields);
    for (int from = 0; from < dataset.size(); from += WINDOW) {
      List<Passage> passages = new ArrayList<>();
      for (int row = from; row < Math.min(dataset.size(), from + WINDOW); row++) {
        passages.add(new Passage(row, passage(row), options.nearness));
      }
      fill(passages);
      passages.forEach(passage -> add(rows, passage));
      options.progress.accept(counts.report());
    }
    return new Augmented(rows.dataset(), options.keptFields, counts.report());
  }

  private String passage(int row) {
    Example example = dataset.get(row);
    String text = options.passage.apply(example);
    if (text == null || text.isBlank()) {
      throw new DatasetException(
          dataset.locate(row)
              + ": expected a passage, found a "
              + example.getClass().getSimpleName()
              + (text == null ? "" : " without one")
              + ". Tell what of a row is its passage with passage(...).");
    }
    return text;
  }

  private void fill(List<Passage> passages) {
    for (int attempt = 0; attempt < options.attempts; attempt++) {
      List<Passage> asked =
          passages.stream().filter(passage -> passage.pairs.size() < options.questions).toList();
      if (asked.isEmpty()) {
        return;
      }
      List<Question> questions = new ArrayList<>();
      for (Passage passage : asked) {
        questions.add(question(passage, attempt));
      }
      List<Outcome> outcomes = requests.ask(questions, options.options);
      List<Candidate> candidates = new ArrayList<>();
      for (int i = 0; i < outcomes.size(); i++) {
        candidates.addAll(candidates(asked.get(i), outcomes.get(i)));
      }
      keepRight(candidates);
    }
  }

  private Question question(Passage passage, int attempt) {
    Map<String, String> places =
        Map.of(
            "count", String.valueOf(options.questions - passage.pairs.size()),
            "style", QuestionWriter.STYLES.get(attempt % QuestionWriter.STYLES.size()),
            "text", passage.text.strip());
    return new Question(options.prompt.render(places::get), options.options.seed() + attempt);
  }

  private List<Candidate> candidates(Passage passage, Outcome outcome) {
    if (outcome.answer() == null) {
      counts.reject(passage.row, Rejection.REFUSED, passage.text, outcome.refusal());
      return List.of();
    }
    String said = outcome.answer().text();
    boolean whole = !outcome.answer().finishReason().isCut();
    List<Pair> pairs = QuestionParser.parse(said, whole);
    if (pairs.isEmpty()) {
      Rejection reason =
          outcome.answer().finishReason() == FinishReason.CONTENT_FILTER
              ? Rejection.FILTERED
              : whole ? Rejection.EMPTY : Rejection.CUT_OFF;
      counts.reject(passage.row, reason, passage.text, said);
    }
    List<Candidate> candidates = new ArrayList<>();
    for (Pair pair : pairs) {
      if (passage.pairs.size() == options.questions) {
        break;
      }
      Optional<Rejection> rejection = rejection(passage, pair);
      if (rejection.isPresent()) {
        counts.reject(passage.row, rejection.get(), passage.text, pair.toString());
      } else {
        passage.pairs.add(pair);
        candidates.add(new Candidate(passage, pair));
      }
    }
    return candidates;
  }

  private static Optional<Rejection> rejection(Passage passage, Pair pair) {
    String both = pair.question() + "\n" + pair.answer();
    if (UnpairedSurrogates.indexIn(both) >= 0) {
      return Optional.of(Rejection.EMPTY);
    }
    if (!Numbers.covers(passage.text, both)) {
      return Optional.of(Rejection.NUMBERS);
    }
    if (!Names.covers(passage.text, both)) {
      return Optional.of(Rejection.NAMES);
    }
    return passage.questions.offer(pair.question());
  }

  private void keepRight(List<Candidate> candidates) {
    if (judge.isEmpty()) {
      return;
    }
    List<Boolean> right =
        MeaningCheck.asked(
            judge.get(),
            options.judging,
            candidates.stream()
                .map(
                    candidate ->
                        MeaningCheck.rightAnswer(
                            candidate.passage().text,
                            candidate.pair().question(),
                            candidate.pair().answer()))
                .toList());
    for (int i = 0; i < right.size(); i++) {
      if (!right.get(i)) {
        Candidate wrong = candidates.get(i);
        wrong.passage().pairs.remove(wrong.pair());
        wrong.passage().questions.withdraw(wrong.pair().question());
        String text = wrong.passage().text;
        counts.reject(wrong.passage().row, Rejection.BACK_CHECK, text, wrong.pair().toString());
      }
    }
  }

  private void add(AugmentedRows rows, Passage passage) {
    for (int i = 0; i < passage.pairs.size(); i++) {
      Pair pair = passage.pairs.get(i);
      Map<String, String> places = Map.of("question", pair.question(), "passage", passage.text);
      rows.add(
          new Example.PromptCompletion(options.template.render(places::get), pair.answer()),
          passage.row,
          i + 1);
    }
    counts.finished(passage.row, options.questions, passage.pairs.size());
  }
}
