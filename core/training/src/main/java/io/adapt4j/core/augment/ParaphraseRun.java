package io.adapt4j.core.augment;

import io.adapt4j.core.augment.MeaningCheck.Pair;
import io.adapt4j.core.augment.RequestRunner.Outcome;
import io.adapt4j.core.augment.RequestRunner.Question;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;

/** Paraphrases the rows of a dataset, several rows at a time so that requests are batched. */
final class ParaphraseRun {

  /** Number of rows whose paraphrases are requested together. */
  private static final int WINDOW = 8;

  private final Paraphraser options;
  private final Dataset dataset;
  private final Counts counts;
  private final RequestRunner requests;
  private final Optional<RequestRunner> judge;
  private final ParaphraseChecks checks;

  ParaphraseRun(Paraphraser options, Dataset dataset) {
    this.options = options;
    this.dataset = dataset;
    this.counts = new Counts(dataset.name(), dataset.size());
    this.requests = new RequestRunner(options.kept(options.generator), counts);
    this.judge =
        options.judge.map(textGenerator -> new RequestRunner(options.kept(textGenerator), counts));
    this.checks = new ParaphraseChecks(options);
  }

  /** A text of a row, and the number of paraphrases requested for it so far. */
  private static final class Slot {

    private final int row;
    private final Paraphrases paraphrases;
    private int asked;

    private Slot(int row, Paraphrases paraphrases) {
      this.row = row;
      this.paraphrases = paraphrases;
    }

    private int missing(int wanted) {
      return wanted - paraphrases.accepted().size();
    }
  }

  /** A paraphrase that has not been rejected so far. */
  private record Candidate(Slot slot, String text) {

    private Pair pair() {
      return new Pair(slot.paraphrases.original(), text);
    }
  }

  static AugmentationPlan plan(Paraphraser options, Dataset dataset, ToIntFunction<String> tokens) {
    int texts = 0;
    long read = 0;
    long written = 0;
    int checks = options.judge.isPresent() ? 2 : 1;
    for (int row = 0; row < dataset.size(); row++) {
      for (String text : TextParts.of(dataset.get(row), options.parts)) {
        texts++;
        long length = tokens.applyAsInt(text);
        for (int i = 0; i < options.paraphrases; i++) {
          read += tokens.applyAsInt(prompt(options, text, i));
        }
        written += options.paraphrases * length;
        if (options.judge.isPresent()) {
          String asked = MeaningCheck.sameMeaning(new Pair(text, text));
          read += options.paraphrases * (long) tokens.applyAsInt(asked);
          written += options.paraphrases;
        }
      }
    }
    long calls = (long) texts * options.paraphrases * checks;
    return new AugmentationPlan(
        dataset.size(), texts, calls, calls * options.attempts, read, written);
  }

  Augmented run() {
    AugmentedRows rows = new AugmentedRows(dataset, options.idField, options.keptFields);
    for (int from = 0; from < dataset.size(); from += WINDOW) {
      int to = Math.min(dataset.size(), from + WINDOW);
      List<List<Slot>> slots = new ArrayList<>();
      for (int row = from; row < to; row++) {
        slots.add(slots(row));
      }
      fill(slots.stream().flatMap(List::stream).toList());
      for (int row = from; row < to; row++) {
        add(rows, row, slots.get(row - from));
      }
      options.progress.accept(counts.report());
    }
    return new Augmented(rows.dataset(), options.keptFields, counts.report());
  }

  private List<Slot> slots(int row) {
    return TextParts.of(dataset.get(row), options.parts).stream()
        .map(text -> new Slot(row, new Paraphrases(text, options.nearness)))
        .toList();
  }

  private void fill(List<Slot> slots) {
    for (int attempt = 0; attempt < options.attempts; attempt++) {
      List<Slot> asked = new ArrayList<>();
      List<Question> questions = new ArrayList<>();
      for (Slot slot : slots) {
        for (int missing = slot.missing(options.paraphrases); missing > 0; missing--) {
          asked.add(slot);
          questions.add(question(slot));
        }
      }
      if (asked.isEmpty()) {
        return;
      }
      List<Outcome> outcomes = requests.ask(questions, options.options);
      List<Candidate> candidates = new ArrayList<>();
      for (int i = 0; i < outcomes.size(); i++) {
        candidate(asked.get(i), outcomes.get(i)).ifPresent(candidates::add);
      }
      keepSame(keepSimilar(candidates));
    }
  }

  private Question question(Slot slot) {
    int number = slot.asked++;
    return new Question(
        prompt(options, slot.paraphrases.original(), number),
        options.options.seed() + number / options.styles.size());
  }

  private static String prompt(Paraphraser options, String text, int number) {
    String style = options.styles.get(number % options.styles.size());
    return options.prompt.render(Map.of("text", text.strip(), "style", style)::get);
  }

  private Optional<Candidate> candidate(Slot slot, Outcome outcome) {
    String original = slot.paraphrases.original();
    if (outcome.answer() == null) {
      counts.reject(slot.row, Rejection.REFUSED, original, outcome.refusal());
      return Optional.empty();
    }
    String paraphrase = AnswerText.paraphrase(outcome.answer().text(), original);
    Optional<Rejection> rejection =
        checks.rejection(original, paraphrase, outcome.answer().finishReason());
    if (rejection.isEmpty()) {
      rejection = slot.paraphrases.offer(paraphrase);
    }
    if (rejection.isPresent()) {
      counts.reject(slot.row, rejection.get(), original, paraphrase);
      return Optional.empty();
    }
    return Optional.of(new Candidate(slot, paraphrase));
  }

  private List<Candidate> keepSimilar(List<Candidate> candidates) {
    if (options.embedder.isEmpty()) {
      return candidates;
    }
    List<Double> similarities =
        MeaningCheck.similarities(
            options.embedder.get(), candidates.stream().map(Candidate::pair).toList());
    List<Candidate> kept = new ArrayList<>();
    for (int i = 0; i < candidates.size(); i++) {
      if (similarities.get(i) >= options.similarity) {
        kept.add(candidates.get(i));
      } else {
        withdraw(candidates.get(i), Rejection.SIMILARITY);
      }
    }
    return kept;
  }

  private void keepSame(List<Candidate> candidates) {
    if (judge.isEmpty()) {
      return;
    }
    List<Boolean> same =
        MeaningCheck.asked(
            judge.get(),
            options.judging,
            candidates.stream()
                .map(candidate -> MeaningCheck.sameMeaning(candidate.pair()))
                .toList());
    for (int i = 0; i < candidates.size(); i++) {
      if (!same.get(i)) {
        withdraw(candidates.get(i), Rejection.BACK_CHECK);
      }
    }
  }

  private void withdraw(Candidate candidate, Rejection reason) {
    Paraphrases paraphrases = candidate.slot().paraphrases;
    paraphrases.withdraw(candidate.text());
    counts.reject(candidate.slot().row, reason, paraphrases.original(), candidate.text());
  }

  private void add(AugmentedRows rows, int row, List<Slot> slots) {
    Example original = dataset.get(row);
    if (options.originals) {
      rows.add(original, row, 0);
    }
    int made = slots.stream().mapToInt(slot -> slot.paraphrases.accepted().size()).max().orElse(0);
    for (int number = 0; number < made; number++) {
      List<String> texts = new ArrayList<>();
      for (Slot slot : slots) {
        List<String> accepted = slot.paraphrases.accepted();
        texts.add(number < accepted.size() ? accepted.get(number) : slot.paraphrases.original());
      }
      rows.add(TextParts.with(original, options.parts, texts), row, number + 1);
    }
    counts.finished(row, options.paraphrases, made);
  }
}
