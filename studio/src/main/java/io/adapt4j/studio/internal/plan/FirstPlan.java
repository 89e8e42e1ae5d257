package io.adapt4j.studio.internal.plan;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.studio.internal.data.Doctor;
import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.data.SourceRows;
import io.adapt4j.studio.internal.machine.LocalModels.LocalModel;
import io.adapt4j.studio.internal.store.Source;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The plan that a run of some data begins with. */
public final class FirstPlan {

  private static final Map<String, String> TASKS =
      Map.of(
          "CLASSIFICATION", "classification",
          "TAGGED", "tokenClassification",
          "QUERY_PASSAGE", "embeddings",
          "PREFERENCE", "dpo",
          "UNPAIRED_PREFERENCE", "kto");

  private static final List<String> DIALOGUES = List.of("PROMPT_COMPLETION", "QUESTION_ANSWER");

  private FirstPlan() {}

  /** Returns its YAML: the data as it is read and fixed, a model, and defaults that suit a try. */
  public static String yaml(
      Source source, Inspection inspection, Doctor doctor, List<LocalModel> models) {
    ObjectNode plan = JsonNodeFactory.instance.objectNode();
    models.stream().findFirst().ifPresent(model -> plan.put("model", model.path().toString()));
    String task = TASKS.get(inspection.shape());
    if (task != null) {
      plan.put("task", task);
    }
    ObjectNode data = plan.putObject("data");
    read(data, source, doctor);
    boolean chats = models.stream().findFirst().map(model -> chats(model.path())).orElse(false);
    if (DIALOGUES.contains(inspection.shape()) && chats) {
      data.put("asChat", true);
    }
    if (inspection.rows() >= 10) {
      data.putObject("split")
          .put("train", new BigDecimal("0.9"))
          .put("validation", new BigDecimal("0.1"))
          .put("seed", 42);
    }
    if (RunDescription.methods().contains("lora")) {
      plan.putObject("method").putObject("lora").put("rank", 16);
    } else {
      plan.put("method", "full");
    }
    plan.put("epochs", 1);
    plan.put("saveEvery", "1m");
    return PlanText.yaml(plan);
  }

  /** Returns the fields that tell how the rows of a source are read, as they are fixed now. */
  public static ObjectNode data(Source source, Doctor doctor) {
    ObjectNode data = JsonNodeFactory.instance.objectNode();
    read(data, source, doctor);
    return data;
  }

  private static void read(ObjectNode data, Source source, Doctor doctor) {
    data.put("path", doctor.file(source).toString());
    if (!source.fixes().isEmpty()) {
      // The rows after fixes are written with the names of their shape.
      return;
    }
    if (Files.isDirectory(source.path())) {
      data.put("files", SourceRows.FILES);
    }
    data.put("skipMalformed", true);
    if (!source.delimiter().isEmpty()) {
      data.put("delimiter", source.delimiter());
    }
    if (!source.shape().isEmpty()) {
      data.put("shape", source.shape());
    }
    if (!source.map().isEmpty()) {
      source.map().forEach(data.putObject("map")::put);
    }
  }

  /** Returns whether a model has a chat template. */
  public static boolean chats(Path model) {
    try {
      return Files.isDirectory(model) && ChatTemplate.find(model).isPresent();
    } catch (Adapt4jException e) {
      return false;
    }
  }
}
