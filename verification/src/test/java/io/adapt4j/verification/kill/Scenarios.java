package io.adapt4j.verification.kill;

import io.adapt4j.verification.ExampleFiles;
import io.adapt4j.verification.kill.Scenario.Results;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is killed: every task and every method, and the {@link CommandScenarios}. */
final class Scenarios {

  static final Path MODEL = ExampleFiles.example("models/stories260K").toAbsolutePath();

  private Scenarios() {}

  static List<Scenario> all() {
    List<Scenario> all = new ArrayList<>();
    Map<String, String> tasks = new LinkedHashMap<>();
    tasks.put("nextTokens", rows("{\"prompt\": \"Lily %d\", \"completion\": \"ran to %d\"}"));
    tasks.put("classification", rows("{\"text\": \"Story %d\", \"label\": \"l%2$d\"}"));
    tasks.put("regression", rows("{\"text\": \"Story %d\", \"label\": 0.%2$d}"));
    tasks.put(
        "tokenClassification", rows("{\"tokens\": [\"Lily\", \"ran\"], \"tags\": [\"A\", \"B\"]}"));
    tasks.put("dpo", preferences());
    tasks.put(
        "kto",
        rows(
            "{\"prompt\": \"Lily %d\", \"completion\": \" ran\", \"label\": true}\n"
                + "{\"prompt\": \"Tom %1$d\", \"completion\": \" sat\", \"label\": false}"));
    tasks.put("orpo", preferences());
    tasks.put("simpo", preferences());
    tasks.put("cpo", preferences());
    tasks.put("reward", preferences());
    tasks.put("embeddings", rows("{\"query\": \"Ball %d?\", \"passage\": \"It is in park %d.\"}"));
    tasks.forEach(
        (task, data) ->
            all.add(training(task + "-lora", task, "{lora: {rank: 4, dropout: 0.1}}", data)));
    String stories = tasks.get("nextTokens");
    all.add(training("nextTokens-full", "nextTokens", "full", stories));
    all.add(training("nextTokens-dora", "nextTokens", "{lora: {rank: 4, dora: true}}", stories));
    all.add(training("nextTokens-pissa", "nextTokens", "{lora: {rank: 4, init: pissa}}", stories));
    all.add(training("nextTokens-ia3", "nextTokens", "ia3", stories));
    all.add(training("nextTokens-qlora", "nextTokens", "{qlora: {rank: 4}}", stories));
    all.add(
        training(
            "grpo-lora",
            "{grpo: {rewards: [{name: e, regex: '.*e.*'}], promptsPerRollout: 2, groupSize: 4,"
                + " maxNewTokens: 8}}",
            "{lora: {rank: 4}}",
            rows("{\"prompt\": \"Lily %d and %d\"}")));
    all.addAll(CommandScenarios.all());
    return List.copyOf(all);
  }

  private static Scenario training(String name, String task, String method, String data) {
    String description =
        """
        model: %s
        task: %s
        data: {path: rows.jsonl, split: {train: 0.8, validation: 0.2, test: 0}}
        method: %s
        output: out
        epochs: 100
        maxSteps: 12
        batchSize: 4
        maxLength: 32
        evaluateEvery: 4
        keepBest: true
        saveEvery: 2
        """
            .formatted(MODEL, task, method);
    List<String> command = List.of("train", "run.yaml", "--no-report");
    return new Scenario(
        name,
        Map.of("run.yaml", description, "rows.jsonl", data),
        List.of(),
        command,
        with(command, "--resume"),
        with(command, "--overwrite"),
        Map.of(),
        Results.files(file -> file.startsWith("out") && file.toString().endsWith(".safetensors")));
  }

  private static String preferences() {
    return rows("{\"prompt\": \"Lily %d\", \"chosen\": \" ran %d\", \"rejected\": \" sat\"}");
  }

  static String rows(String line) {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      rows.append(String.format(line, i, i % 3)).append('\n');
    }
    return rows.toString();
  }

  static List<String> with(List<String> command, String option) {
    List<String> longer = new ArrayList<>(command);
    longer.add(option);
    return List.copyOf(longer);
  }
}
