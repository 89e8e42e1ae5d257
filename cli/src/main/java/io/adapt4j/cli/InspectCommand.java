package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.inspect.ModelInfo;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows the content of a model folder. */
@Command(
    name = "inspect",
    description = "Shows what a model folder holds, and what to know before using it.",
    mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {

  @Mixin private ModelArgument model;
  @Mixin private Output output;

  InspectCommand() {}

  @Override
  public Integer call() {
    ModelInfo info = ModelInfo.read(model.folder());
    StringBuilder text = new StringBuilder(info.describe());
    info.warnings()
        .forEach(warning -> text.append(String.format("%-16s%s%n", "note", warning.message())));
    output.write(text.toString(), json(info));
    return info.supported() ? ExitCode.OK : ExitCode.FINDINGS;
  }

  private static ObjectNode json(ModelInfo info) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("folder", info.folder().toString());
    json.put("supported", info.supported());
    info.unsupported().ifPresent(reason -> json.put("unsupported", reason));
    info.modelType().ifPresent(type -> json.put("modelType", type));
    info.architectures().forEach(json.putArray("architectures")::add);
    info.contextLength().ifPresent(length -> json.put("contextLength", length));
    info.hiddenSize().ifPresent(size -> json.put("hiddenSize", size));
    info.layers().ifPresent(layers -> json.put("layers", layers));
    info.vocabularySize().ifPresent(size -> json.put("vocabularySize", size));
    if (info.parameters().isPresent()) {
      json.put("parameters", info.parameters().getAsLong());
      ObjectNode bytes = json.putObject("bytesByType");
      info.bytesByType().forEach((type, count) -> bytes.put(type, count));
    }
    info.chatTemplates().forEach(json.putArray("chatTemplates")::add);
    info.card().license().ifPresent(license -> json.put("license", license));
    ArrayNode warnings = json.putArray("warnings");
    info.warnings()
        .forEach(
            warning ->
                warnings
                    .addObject()
                    .put("kind", warning.kind().name().toLowerCase(Locale.ROOT))
                    .put("message", warning.message()));
    return json;
  }
}
