package io.adapt4j.examples;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.advise.Experiment;
import io.adapt4j.eval.advise.Recommendation;
import io.adapt4j.eval.task.MultipleChoice;
import io.adapt4j.eval.task.Task;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.retrieve.Passage;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.split.Splitter;
import io.adapt4j.rag.split.TokenCounter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Recommends prompting, RAG, fine-tuning or both for a folder of documents and an exam: asks a
 * model the exam unchanged, with retrieved passages, trained on the documents, and with both.
 *
 * <p>{@code WhatToBuild [DOCUMENTS EXAM [MODEL [OUTPUT]]]}: run it from the root of the repository.
 * The exam is JSON lines with {@code question}, {@code choices} and {@code answer}. Without
 * arguments it takes the articles, the exam and the model that come with the examples.
 */
public final class WhatToBuild {

  private static final Path EXAMPLES = Path.of("examples");
  private static final int PASSAGES = 2;

  /** Divisor of the model's context that limits a passage; the question needs room too. */
  private static final int CONTEXT_SHARE = 4;

  private static final int EPOCHS = 3;
  private static final double RATE = 5e-4;

  private WhatToBuild() {}

  /**
   * Runs the experiment.
   *
   * @param arguments documents, exam, model and output folder
   * @throws IOException if a folder cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length == 1 || arguments.length > 4) {
      System.err.println("Usage: WhatToBuild [DOCUMENTS EXAM [MODEL [OUTPUT]]]");
      System.exit(2);
    }
    Path squad = EXAMPLES.resolve("data/squad");
    Path documents = argument(arguments, 0, squad.resolve("documents"));
    Path exam = argument(arguments, 1, squad.resolve("exam.jsonl"));
    Path model = argument(arguments, 2, EXAMPLES.resolve("models/stories260K"));
    Path output = argument(arguments, 3, Path.of("runs/what-to-build"));
    Task questions = MultipleChoice.jsonl(exam.getFileName().toString(), exam).build();
    System.out.print(run(documents, questions, model, output).text());
  }

  private static Path argument(String[] arguments, int number, Path otherwise) {
    return number < arguments.length ? Path.of(arguments[number]) : otherwise;
  }

  /** Trains on the documents, indexes them, and gives the exam to every candidate. */
  static Recommendation run(Path documents, Task exam, Path model, Path output) throws IOException {
    ModelSource base = ModelSource.path(model);
    try (LanguageModel plain = LanguageModel.load(base, Precision.FP32)) {
      // By the model's own tokens, since its context is what passages must fit into.
      Splitter splitter =
          Splitter.builder()
              .counter(TokenCounter.of(plain.tokenizer()))
              .maxTokens(plain.contextLength() / CONTEXT_SHARE)
              .build();
      Path tuned = train(base, passages(documents, splitter), output.resolve("tuned"));
      try (Rag rag =
              Rag.builder()
                  .index(output.resolve("index"))
                  .splitter(splitter)
                  .retrieval(RetrievalOptions.builder().limit(PASSAGES).build())
                  .build();
          LanguageModel trained = LanguageModel.load(ModelSource.path(tuned), Precision.FP32)) {
        rag.sync(Documents.in(documents));
        String name = documents.getFileName().toString();
        return Experiment.builder()
            .base(Candidate.of(plain))
            .rag(grounded(Candidate.of(plain), rag, name))
            .fineTuned(Candidate.of(trained))
            .both(grounded(Candidate.of(trained), rag, name))
            .exam(exam)
            .build()
            .run();
      }
    }
  }

  private static Candidate grounded(Candidate model, Rag rag, String documents) {
    return Candidate.grounded(
        PASSAGES + " passages of " + documents,
        model,
        prompt ->
            rag.search(prompt.replaceAll("^Question: |\\nAnswer:$", "")).passages().stream()
                .map(Passage::text)
                .toList());
  }

  private static List<Example> passages(Path documents, Splitter splitter) {
    List<Example> passages = new ArrayList<>();
    Documents.in(documents)
        .forEach(
            document ->
                splitter
                    .split(document)
                    .forEach(chunk -> passages.add(new Example.Text(chunk.text()))));
    return passages;
  }

  private static Path train(ModelSource base, List<Example> passages, Path output) {
    return FineTuner.builder()
        .model(base)
        .dataset(Datasets.of(passages))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(EPOCHS)
        .learningRate(RATE)
        .saveLimit(0)
        .output(output)
        .overwriteOutput()
        .build()
        .run()
        .last();
  }
}
