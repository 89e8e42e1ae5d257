package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.failure.Clustering;
import io.adapt4j.eval.failure.FailureAnalysis;
import io.adapt4j.eval.failure.FailureCluster;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.rag.embed.MiniLm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Failures gathered by the real MiniLM. */
class FailureClustersTest {

  private static final Map<String, List<String>> QUESTIONS =
      Map.of(
          "card",
          List.of(
              "My card was swallowed by the cash machine, what now?",
              "How do I get a new card after mine expired?",
              "The chip of my card does not work any more.",
              "When will my replacement card arrive?",
              "Can I choose the PIN of my card?"),
          "weather",
          List.of(
              "Will it rain in Hamburg tomorrow?",
              "Is a thunderstorm coming this evening?",
              "What is the weather forecast for the weekend?",
              "Will there be snow or sunshine on Monday?",
              "How windy will it be at the coast tomorrow?"),
          "cooking",
          List.of(
              "How long do I boil an egg?",
              "Which flour is best for baking bread?",
              "What can I cook with potatoes and onions?",
              "Which spices go into a vegetable curry?",
              "How do I fry fish in butter?"));

  @Test
  void questionsOfOneTopicAreGathered() throws IOException {
    Map<String, String> topics = new HashMap<>();
    List<Item> items = new ArrayList<>();
    QUESTIONS.forEach(
        (topic, questions) ->
            questions.forEach(
                question -> {
                  topics.put(topic + questions.indexOf(question), topic);
                  items.add(item(topic + questions.indexOf(question), question));
                }));
    Task task = new Task("help", items, List.of(TaskMetric.mean("exact_match")), false);
    FailureAnalysis failures =
        FailureAnalysis.of(
            Evaluator.builder()
                .tasks(task)
                .build()
                .evaluate(Candidate.of(TextGenerator.of("silent", prompt -> "")))
                .result("help"));

    List<FailureCluster> clusters;
    try (TextEmbedder embedder = TextEmbedder.load(ModelSource.path(MiniLm.folder()))) {
      clusters = failures.clusters(Clustering.with(embedder).count(3));
    }

    assertThat(clusters).hasSize(3);
    for (FailureCluster cluster : clusters) {
      assertThat(
              cluster.outcomes().stream()
                  .map(outcome -> topics.get(outcome.id()))
                  .collect(Collectors.toSet()))
          .hasSize(1);
    }
    assertThat(clusters)
        .anySatisfy(failureCluster -> assertThat(failureCluster.words()).contains("card"));
  }

  private static Item item(String id, String question) {
    return Tasks.answerItem(
        id,
        question,
        GenerationOptions.greedy(),
        List.of("an answer"),
        AnswerExtraction.whole(),
        AnswerMetric.EXACT_MATCH,
        Map.of());
  }
}
