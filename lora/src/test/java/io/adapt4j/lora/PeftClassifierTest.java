package io.adapt4j.lora;

import static io.adapt4j.core.internal.nn.TestNetworks.encoder;
import static io.adapt4j.core.internal.nn.TestNetworks.longs;
import static io.adapt4j.lora.LoraCase.family;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.adapter.AdapterFormat;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.weights.NewParameters;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.internal.ia3.Ia3Vectors;
import io.adapt4j.lora.internal.projection.ProjectionAdapterMechanics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters of classifiers: what PEFT wrote loads here, and what is written here loads in PEFT. */
class PeftClassifierTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CONFIG = "adapter_config.json";

  @ParameterizedTest
  @CsvSource({"lora_cls, xlm_roberta_cls", "ia3_cls, bert_cls"})
  void whatPeftWroteGivesItsLogitsHere(String name, String base) {
    long before = Tensor.live();
    Path folder = LoraCase.golden("interop/" + name);
    SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"));
    try (Encoder network = encoder(LoraCase.golden("models/" + base))) {
      assertClose(logits(network, expected), expected, "logits_base");
      Adapter adapter = AdapterFormat.read(folder);
      assertThat(AdapterMechanics.of(adapter).problems(network)).isEmpty();
      try (AttachedAdapter attached = AdapterMechanics.of(adapter).attach(network)) {
        assertClose(logits(network, expected), expected, "logits_tuned");
        attached.merge();
        assertClose(logits(network, expected), expected, "logits_tuned");
      }
      assertClose(logits(network, expected), expected, "logits_base");
    }
    expected.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void whatLoraWritesIsWhatPeftWrites(@TempDir Path folder) throws IOException {
    Lora lora = Lora.rank(4).alpha(8).targets(Targets.names("query", "value"));
    assertWrittenAsInPeft("lora_cls", "xlm_roberta_cls", lora, folder);
  }

  @Test
  void whatIa3WritesIsWhatPeftWrites(@TempDir Path folder) throws IOException {
    assertWrittenAsInPeft("ia3_cls", "bert_cls", Ia3.create(), folder);
  }

  /** Training continues from PEFT's values and writes them again: the same tensors, to the bit. */
  private static void assertWrittenAsInPeft(
      String name, String base, FineTuningMethod method, Path folder) throws IOException {
    Path golden = LoraCase.golden("interop/" + name);
    Path model = LoraCase.golden("models/" + base);
    try (Encoder network = encoder(model);
        Adaptation adaptation = Methods.of(method).attach(network, model, 1)) {
      assertThat(Methods.of(method).problems(network, model)).isEmpty();
      JsonNode expected = JSON.readTree(golden.resolve("expected.json").toFile());
      Set<String> trained = new LinkedHashSet<>();
      for (JsonNode node : expected.get("trained")) {
        trained.add(
            node.asText()
                .replace(".modules_to_save.default", "")
                .replace(".default.weight", ".weight")
                .replace(".ia3_l.default", ".ia3_l"));
      }
      assertThat(adaptation.trained())
          .extracting(Trainable::name)
          .containsExactlyInAnyOrderElementsOf(trained);
      adaptation.restore(golden);
      adaptation.save(folder);
    }
    assertThat(tensors(folder)).isEqualTo(tensors(golden));
    JsonNode written = JSON.readTree(folder.resolve(CONFIG).toFile());
    JsonNode peft = JSON.readTree(golden.resolve(CONFIG).toFile());
    for (String field : List.of("modules_to_save", "task_type", "peft_type", "fan_in_fan_out")) {
      assertThat(written.get(field)).as(field).isEqualTo(peft.get(field));
    }
    assertThat(names(written.get("target_modules")))
        .containsExactlyInAnyOrderElementsOf(names(peft.get("target_modules")));
  }

  /** PEFT wraps every module whose path ends with a name, and cannot load nested wrappers. */
  @ParameterizedTest
  @CsvSource({
    "roberta_cls, false, true",
    "xlm_roberta_cls, false, true",
    "xlm_roberta_cls, true, true",
    "distilbert_cls, false, true",
    "modernbert_cls, true, true",
    "roberta_cls, false, false",
    "distilbert_cls, false, false"
  })
  void noSavedModuleLiesInsideAnother(
      String family, boolean dora, boolean freshHead, @TempDir Path folder) throws IOException {
    Path base = family(family);
    for (String[] own : new String[][] {{}, {"dense"}, {"out_proj", "classifier.dense"}}) {
      Lora lora = dora ? Lora.rank(2).dora() : Lora.rank(2);
      try (Encoder network = encoder(base)) {
        if (freshHead) {
          network.initializeNew(Set.copyOf(network.outputTensors()));
          NewParameters.initialize(network, 1);
        }
        try (Adaptation adaptation = Methods.of(lora.modulesToSave(own)).attach(network, base, 1)) {
          adaptation.save(folder);
        }
        Set<String> wrapped =
            wrapped(network, names(JSON.readTree(folder.resolve(CONFIG).toFile())));
        assertThat(wrapped).isNotEmpty();
        for (String module : wrapped) {
          assertThat(wrapped)
              .as("modules inside %s", module)
              .noneMatch(other -> other.startsWith(module + "."));
        }
        for (String tensor : network.newTensors()) {
          assertThat(wrapped).as(tensor).anyMatch(module -> tensor.startsWith(module + "."));
        }
        // Every wrapped module's tensors are there, and no base tensor beside them.
        Set<String> stored = new LinkedHashSet<>();
        tensors(folder).keySet().stream()
            .filter(name -> !name.contains(".lora_"))
            .forEach(name -> stored.add(name.replace("base_model.model.", "")));
        Set<String> wanted = new LinkedHashSet<>();
        network.tensors().keySet().stream()
            .filter(name -> wrapped.stream().anyMatch(module -> name.startsWith(module + ".")))
            .forEach(wanted::add);
        assertThat(stored).isEqualTo(wanted);
      }
    }
  }

  /** Folders that earlier versions wrote name the layers of the head, too. */
  @Test
  void foldersWithNestedNamesStillLoadAndAreWrittenWithout(@TempDir Path old, @TempDir Path folder)
      throws IOException {
    Path golden = LoraCase.golden("interop/lora_cls");
    Path base = LoraCase.golden("models/xlm_roberta_cls");
    Files.copy(
        golden.resolve("adapter_model.safetensors"), old.resolve("adapter_model.safetensors"));
    ObjectNode config = (ObjectNode) JSON.readTree(golden.resolve(CONFIG).toFile());
    config.withArray("modules_to_save").add("classifier.dense").add("classifier.out_proj");
    JSON.writeValue(old.resolve(CONFIG).toFile(), config);
    SafetensorsFile expected = SafetensorsFile.open(golden.resolve("expected.safetensors"));
    try (Encoder network = encoder(base)) {
      try (AttachedAdapter attached = AdapterMechanics.of(LoraAdapter.at(old)).attach(network)) {
        assertClose(logits(network, expected), expected, "logits_tuned");
      }
      try (Adaptation adaptation = Methods.of(Lora.continuing(old)).attach(network, base, 1)) {
        adaptation.save(folder);
      }
    }
    expected.close();
    assertThat(names(JSON.readTree(folder.resolve(CONFIG).toFile()).get("modules_to_save")))
        .containsExactly("classifier", "score");
    assertThat(tensors(folder)).isEqualTo(tensors(golden));
  }

  @Test
  void anIa3HeadThatIsNotBroughtIsRefused(@TempDir Path folder) throws IOException {
    Path golden = LoraCase.golden("interop/ia3_cls");
    Files.copy(
        golden.resolve("adapter_model.safetensors"), folder.resolve("adapter_model.safetensors"));
    ObjectNode config = (ObjectNode) JSON.readTree(golden.resolve(CONFIG).toFile());
    config.putNull("modules_to_save");
    JSON.writeValue(folder.resolve(CONFIG).toFile(), config);
    try (Encoder network = encoder(LoraCase.golden("models/bert_cls"))) {
      network.initializeNew(NewParameters.classifier(network));
      assertThat(
              AdapterMechanics.of(ProjectionAdapterMechanics.at(Ia3Vectors.KIND, folder))
                  .problems(network))
          .anySatisfy(problem -> assertThat(problem).contains("The base has no classifier.weight"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"LOHA", "PROMPT_TUNING", "ADALORA"})
  void otherKindsAreRefusedByNameWithTheKindsThatAreRead(String kind, @TempDir Path folder)
      throws IOException {
    Files.writeString(
        folder.resolve(CONFIG), "{\"peft_type\": \"" + kind + "\", \"target_modules\": [\"q\"]}");
    for (Runnable read :
        List.<Runnable>of(
            () -> AdapterFormat.read(folder),
            () -> LoraAdapter.at(folder),
            () -> Lora.continuing(folder),
            () -> ProjectionAdapterMechanics.at(Ia3Vectors.KIND, folder))) {
      assertThatThrownBy(read::run)
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining(folder.resolve(CONFIG).toString())
          .hasMessageContaining("peft_type")
          .hasMessageContaining(kind)
          .hasMessageContaining("[LORA, IA3, MISS, SHIRA, OFT]")
          .hasMessageContaining("other kinds are not read")
          .hasMessageNotContaining("Only LoRA");
    }
  }

  @Test
  void theOtherReaderIsNamedForAKindThatIsRead() {
    assertThatThrownBy(() -> LoraAdapter.at(LoraCase.golden("interop/ia3_cls")))
        .hasMessageContaining("IA3")
        .hasMessageContaining("Adapter.at");
    assertThatThrownBy(
            () ->
                ProjectionAdapterMechanics.at(Ia3Vectors.KIND, LoraCase.golden("interop/lora_cls")))
        .hasMessageContaining("LORA")
        .hasMessageContaining("LoraAdapter");
  }

  private static List<String> names(JsonNode node) {
    JsonNode list = node.has("modules_to_save") ? node.get("modules_to_save") : node;
    List<String> names = new ArrayList<>();
    list.forEach(json -> names.add(json.asText()));
    return names;
  }

  /** The modules PEFT wraps: every one whose path ends with a name. */
  private static Set<String> wrapped(Encoder network, List<String> names) {
    Set<String> wrapped = new LinkedHashSet<>();
    for (String tensor : network.tensors().keySet()) {
      for (int dot = tensor.indexOf('.'); dot > 0; dot = tensor.indexOf('.', dot + 1)) {
        String path = tensor.substring(0, dot);
        if (names.stream().anyMatch(("base_model.model." + path)::endsWith)) {
          wrapped.add(path);
        }
      }
    }
    return wrapped;
  }

  private static Map<String, List<Object>> tensors(Path folder) {
    Map<String, List<Object>> tensors = new TreeMap<>();
    SafetensorsFile file = SafetensorsFile.open(folder.resolve("adapter_model.safetensors"));
    file.entries()
        .forEach(
            (name, entry) ->
                tensors.put(name, List.of(entry.shape(), entry.type(), file.bytes(name).slice())));
    return tensors;
  }

  private static float[] logits(Encoder network, SafetensorsFile expected) {
    int rows = Math.toIntExact(expected.entry("input_ids").shape().get(0));
    long[] ids = longs(expected, "input_ids");
    long[] mask = longs(expected, "attention_mask");
    int length = ids.length / rows;
    try (Scope scope = Scope.open();
        Positions positions = network.positions(ids, mask, rows, length)) {
      Ops ops = Ops.inference();
      Tensor tokens = Tensor.of(ids, rows, length);
      Tensor types = Tensor.of(new long[ids.length], rows, length);
      Tensor hidden = network.hidden(ops, tokens, types, positions, false);
      return network.classLogits(ops, hidden, ids, mask).toFloats();
    }
  }

  private static void assertClose(float[] found, SafetensorsFile expected, String tensor) {
    float[] wanted = new float[found.length];
    expected.bytes(tensor).asFloatBuffer().get(wanted);
    LoraCase.assertClose(tensor, found, wanted, 1e-4, 0);
  }
}
