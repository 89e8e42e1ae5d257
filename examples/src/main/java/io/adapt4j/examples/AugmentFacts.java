package io.adapt4j.examples;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.augment.AugmentationPlan;
import io.adapt4j.core.augment.Augmented;
import io.adapt4j.core.augment.Paraphraser;
import io.adapt4j.core.augment.QuestionWriter;
import io.adapt4j.core.augment.TemplateAugmenter;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.core.text.OpenAiCompatible;
import io.adapt4j.core.text.TextGenerator;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Generates paraphrases of a file's rows, or questions on them, and writes JSON Lines.
 *
 * <p>{@code AugmentFacts FACTS OUT} works without a model, by templates. {@code --endpoint URL
 * --model NAME} asks an OpenAI-compatible server, {@code --local FOLDER} uses a local model. {@code
 * --key-from VARIABLE} names the environment variable with the server's key, {@code --paraphrases
 * N} the number of paraphrases per row, {@code --questions N} generates questions instead, and
 * {@code --cache FOLDER} (default: {@code OUT.answers}) keeps answers, so that an interrupted run
 * resumes. Exits with 2 on wrong usage.
 */
public final class AugmentFacts {

  private static final List<String> OPTIONS =
      List.of(
          "--endpoint",
          "--model",
          "--local",
          "--key-from",
          "--paraphrases",
          "--questions",
          "--cache");

  private static final String USAGE =
      "Usage: AugmentFacts FACTS OUT [--endpoint URL --model NAME [--key-from VARIABLE] | --local"
          + " FOLDER] [--paraphrases N | --questions N] [--cache FOLDER]";

  private AugmentFacts() {}

  /**
   * Runs the example.
   *
   * @param arguments a file of facts, the file to write, and options
   */
  public static void main(String[] arguments) {
    Map<String, String> options = new HashMap<>();
    for (int i = 2; i + 1 < arguments.length && OPTIONS.contains(arguments[i]); i += 2) {
      options.put(arguments[i], arguments[i + 1]);
    }
    boolean served = options.containsKey("--endpoint") && options.containsKey("--model");
    boolean local = options.containsKey("--local");
    if (arguments.length < 2
        || arguments.length != 2 + 2 * options.size()
        || (options.containsKey("--questions") && !served && !local)) {
      System.err.println(USAGE);
      System.exit(2);
    }
    Dataset facts = Datasets.read(Path.of(arguments[0])).open();
    Path out = Path.of(arguments[1]);
    Augmented augmented;
    if (served) {
      augmented = augment(facts, out, server(options), options);
    } else if (local) {
      ModelSource source = ModelSource.path(Path.of(options.get("--local")));
      try (LanguageModel model = LanguageModel.load(source)) {
        augmented = augment(facts, out, model.asGenerator(), options);
      }
    } else {
      augmented = byTemplates(facts, options);
    }
    augmented.write(out);
    System.out.print(augmented.report().text());
    System.out.println("Written: " + out);
  }

  private static Augmented augment(
      Dataset facts, Path out, TextGenerator generator, Map<String, String> options) {
    AnswerCache cache = AnswerCache.at(Path.of(options.getOrDefault("--cache", out + ".answers")));
    if (options.containsKey("--questions")) {
      return QuestionWriter.by(generator)
          .questions(Integer.parseInt(options.get("--questions")))
          .cache(cache)
          .write(facts);
    }
    Paraphraser paraphraser =
        Paraphraser.by(generator)
            .paraphrases(paraphrases(options, Paraphraser.DEFAULT_PARAPHRASES))
            .cache(cache)
            .onProgress(report -> System.err.printf("%d of %d%n", report.done(), report.rows()));
    AugmentationPlan plan = paraphraser.plan(facts);
    System.out.printf(
        "%d to %d requests, about %d tokens to read and %d to write%n",
        plan.calls(), plan.mostCalls(), plan.promptTokens(), plan.newTokens());
    return paraphraser.augment(facts);
  }

  private static TextGenerator server(Map<String, String> options) {
    OpenAiCompatible.Builder server =
        OpenAiCompatible.at(URI.create(options.get("--endpoint"))).model(options.get("--model"));
    if (options.containsKey("--key-from")) {
      server.apiKeyFrom(options.get("--key-from"));
    }
    return server.build();
  }

  private static Augmented byTemplates(Dataset facts, Map<String, String> options) {
    return TemplateAugmenter.of(
            "{opening} {text}",
            "{text} {closing}",
            "{opening} {text} {closing}",
            "Question: what is there to know? Answer: {text}")
        .list("opening", "Note:", "As everybody knows:", "For the record:", "It is a fact:")
        .list("closing", "That is all.", "Remember this.", "So it is.", "This is certain.")
        .paraphrases(paraphrases(options, 8))
        .augment(facts);
  }

  private static int paraphrases(Map<String, String> options, int usual) {
    return Integer.parseInt(options.getOrDefault("--paraphrases", String.valueOf(usual)));
  }
}
