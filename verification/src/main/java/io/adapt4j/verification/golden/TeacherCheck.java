package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.task.distillation.DistillationBatch;
import io.adapt4j.core.internal.task.distillation.Divergences;
import io.adapt4j.core.internal.task.distillation.TeacherPredictions;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.verification.internal.Bases;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Gradients;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.PeftParts;
import io.adapt4j.verification.internal.Report;
import io.adapt4j.verification.internal.Tolerances;
import java.nio.file.Path;
import java.util.Map;

/** Checks distillation of a model with an adapter from another. */
final class TeacherCheck {

  private static final double LOSS = 1e-5;

  private final GoldenFolder golden;
  private final Decoder student;
  private final Adaptation adaptation;
  private final TeacherPredictions teacher;
  private final Batch batch;

  private TeacherCheck(GoldenFolder golden, Adapted student, Adapted teacher) {
    this.golden = golden;
    this.student = student.decoder();
    this.adaptation = student.adaptation();
    this.teacher = TeacherPredictions.of(teacher.decoder());
    this.batch = golden.batch("", "");
  }

  /** A model with an adapter. */
  private record Adapted(Decoder decoder, Adaptation adaptation) implements AutoCloseable {

    /** Loads what a golden file names as {@code BASE with ADAPTER}. */
    static Adapted load(Path folder, String name) {
      String[] names = name.split(" with ", 2);
      Path base = Bases.find(folder, names[0]);
      Networks.requireSupported(base);
      Decoder decoder = (Decoder) Networks.load(base, DType.F32);
      return new Adapted(decoder, PeftParts.attach(Bases.find(folder, names[1]), decoder, base));
    }

    @Override
    public void close() {
      adaptation.close();
      decoder.close();
    }
  }

  /** Checks the part {@code distillation} of a folder. */
  static void run(GoldenSource source, Report.Section section) {
    try (Adapted student = Adapted.load(source.path(), source.json().path("policy").asText());
        Adapted teacher = Adapted.load(source.path(), source.json().path("teacher").asText());
        GoldenFolder golden =
            GoldenFolder.open(source.path(), source.json(), "distillation.safetensors", section)) {
      new TeacherCheck(golden, student, teacher).run();
    }
  }

  private void run() {
    golden.compare(
        "distillation student_logits",
        () ->
            golden.deviation(
                "student_logits", Networks.logits(student, batch), batch, Tolerances.FP32));
    golden
        .section()
        .each(
            "distillation ",
            golden.json().at("/distillation/losses"),
            (name, expected) -> {
              if (expected.isObject()) {
                loss(name, expected);
              }
            });
  }

  private void loss(String name, JsonNode expected) {
    VocabularyDistillation divergence =
        new VocabularyDistillation(
            expected.path("beta").asDouble(),
            expected.path("temperature").asDouble(1),
            0,
            false,
            VocabularyDistillation.Rest.DROPPED);
    TensorLists.zero(adaptation.trained().stream().map(Parameter.Trainable::gradient).toList());
    int count = TargetRows.of(batch).count();
    Divergences task = new Divergences(student, divergence, teacher);
    double sum = task.forwardBackward(DistillationBatch.of(batch), 1.0 / count, false, 0);
    golden.compared(
        "distillation " + name,
        Deviation.of(sum / count, expected.path("loss").asDouble(), LOSS, LOSS));
    Map<String, float[]> found = Networks.gradients(student, adaptation.trained());
    golden.compared(
        "distillation " + name + " grad_norm",
        Deviation.of(
            Gradients.norm(found.values()),
            expected.path("grad_norm").asDouble(),
            Tolerances.FP32,
            Tolerances.RELATIVE));
    Gradients.compare(golden, "grad." + name + ".", found, "distillation %s");
  }
}
