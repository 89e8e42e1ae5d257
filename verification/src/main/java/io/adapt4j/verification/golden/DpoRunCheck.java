package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.task.preference.Dpo;
import io.adapt4j.core.internal.task.preference.PairLoss;
import io.adapt4j.core.internal.task.preference.PreferenceBatch;
import io.adapt4j.core.internal.task.preference.PreferencePairs;
import io.adapt4j.core.internal.task.preference.PreferenceSample;
import io.adapt4j.core.internal.task.preference.ReferenceModel;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.LearningRate;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.internal.train.Warmup;
import io.adapt4j.lora.Lora;
import io.adapt4j.verification.internal.Bases;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Report;
import io.adapt4j.verification.internal.Series;
import io.adapt4j.verification.internal.TemporaryFolder;
import io.adapt4j.verification.internal.TrainerOptions;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/** Runs a recorded run of DPO again and compares every step and the adapter it leaves. */
record DpoRunCheck(JsonNode options, JsonNode steps, Report.Section section) {

  static final Kind KIND =
      new Kind(
          "preference runs",
          source ->
              source.has(LoraCheck.OPTIONS) && source.json().at("/steps/0").has("rewards/chosen"),
          (source, section) -> run(source.path(), section));

  private static final double LOSS = 1e-3;
  private static final double WEIGHTS = 1e-3;
  private static final double LEARNING_RATE = 1e-9;
  private static final double LOG_PROBS = 1e-2;

  static void run(Path folder, Report.Section section) throws IOException {
    JsonNode options = GoldenFolder.json(folder, LoraCheck.OPTIONS);
    JsonNode steps = GoldenFolder.json(folder, GoldenFolder.JSON).path("steps");
    if (!options.path("loss_type").asText().equals("sigmoid")) {
      throw new UnsupportedQuantityException("loss_type " + options.path("loss_type").asText());
    }
    Path base = Bases.find(folder, options.path("base").asText());
    Networks.requireSupported(base);
    DpoRunCheck check = new DpoRunCheck(options, steps, section);
    try (Decoder decoder = (Decoder) Networks.load(base, DType.F32);
        Adaptation adaptation =
            Methods.of(Lora.continuing(folder.resolve("initial"))).attach(decoder, base, 0)) {
      check.steps(decoder, adaptation);
      try (TemporaryFolder temporary = TemporaryFolder.create()) {
        Path saved = temporary.path().resolve("saved");
        adaptation.save(saved);
        check.weights(saved, folder.resolve("final"));
      }
    }
  }

  private void steps(Decoder decoder, Adaptation adaptation) {
    Dpo loss =
        new Dpo(
            options.path("beta").asDouble(),
            Dpo.Form.SIGMOID,
            options.path("label_smoothing").asDouble(0));
    PreferencePairs task =
        new PreferencePairs(
            decoder,
            PairLoss.of(loss),
            ReferenceModel.withoutAdapter(decoder, adaptation),
            BestModelMetric.BY_LOSS);
    LearningRate rate =
        new LearningRate(
            TrainerOptions.schedule(options.path("lr_scheduler_type").asText()),
            options.path("learning_rate").asDouble(),
            Warmup.ofSteps(options.path("warmup_steps").asInt(0)),
            options.path("max_steps").asInt());
    int rows = options.path("per_device_train_batch_size").asInt();
    int accumulation = options.path("gradient_accumulation_steps").asInt(1);
    Series series = new Series();
    try (TrainingStep<PreferenceBatch> training =
        new TrainingStep<>(task, adaptation, TrainerOptions.settings(options))) {
      for (int step = 0; step < steps.size(); step++) {
        JsonNode wanted = steps.get(step);
        int first = step * rows * accumulation;
        TrainingStep.Outcome found =
            training.run(
                batches(first, rows, accumulation), rows * accumulation, rate.rate(step), step);
        series.add("lr", Deviation.of(rate.rate(step), wanted.path("lr"), LEARNING_RATE));
        series.step(found, wanted, LOSS);
        series.add("rewards and logps", metrics(task.takeStepMetrics(), wanted));
      }
    }
    series.report("dpo_run: ", section);
  }

  private static Deviation metrics(Map<String, Double> found, JsonNode wanted) {
    return Deviation.of(found.get("reward_chosen"), wanted.path("rewards/chosen"), LOSS)
        .or(Deviation.of(found.get("reward_rejected"), wanted.path("rewards/rejected"), LOSS))
        .or(Deviation.of(found.get("margin"), wanted.path("rewards/margins"), LOSS))
        .or(Deviation.of(found.get("accuracy"), wanted.path("rewards/accuracies"), LOSS))
        .or(Deviation.of(found.get("logp_chosen"), wanted.path("logps/chosen"), LOG_PROBS))
        .or(Deviation.of(found.get("logp_rejected"), wanted.path("logps/rejected"), LOG_PROBS));
  }

  private List<PreferenceBatch> batches(int first, int rows, int count) {
    List<PreferenceBatch> batches = new ArrayList<>();
    for (int from = first; from < first + rows * count; from += rows) {
      List<PreferenceSample> samples = new ArrayList<>();
      int[] numbers = new int[rows];
      for (int i = 0; i < rows; i++) {
        JsonNode row = options.path("rows").path(from + i);
        samples.add(
            new PreferenceSample(
                sample(row, "chosen_input_ids"), sample(row, "rejected_input_ids")));
        numbers[i] = from + i;
      }
      batches.add(PreferenceBatch.of(samples, numbers, Networks.ones(rows), 0));
    }
    return batches;
  }

  private static TrainingSample sample(JsonNode row, String answer) {
    int[] prompt = ids(row.path("prompt_input_ids"));
    int[] completion = ids(row.path(answer));
    int[] all = Arrays.copyOf(prompt, prompt.length + completion.length);
    System.arraycopy(completion, 0, all, prompt.length, completion.length);
    int[] labels = all.clone();
    Arrays.fill(labels, 0, prompt.length, TrainingSample.IGNORED);
    return new TrainingSample(all, labels);
  }

  private static int[] ids(JsonNode values) {
    return StreamSupport.stream(values.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }

  private void weights(Path saved, Path wanted) {
    try (Checkpoint found = Checkpoint.openFile(saved.resolve("adapter_model.safetensors"));
        Checkpoint expected = Checkpoint.openFile(wanted.resolve("adapter_model.safetensors"))) {
      section.compared(
          "dpo_run: final weights", GoldenFolder.deviation(found, expected, name -> true, WEIGHTS));
    }
  }
}
