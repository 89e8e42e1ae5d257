package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.Preview;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows rows as the model will see them. */
@Command(
    name = "preview",
    description =
        "Shows the first rows as the tokens that the model will see, with those it learns from in"
            + " brackets. Reads no weights.",
    mixinStandardHelpOptions = true)
final class PreviewCommand implements Callable<Integer> {

  @Mixin private RunArgument run;
  @Mixin private Output output;

  @Option(
      names = {"-n", "--rows"},
      paramLabel = "N",
      defaultValue = "3",
      description = "Number of rows; default ${DEFAULT-VALUE}.")
  private int rows;

  PreviewCommand() {}

  @Override
  public Integer call() {
    if (rows < 1) {
      throw new IllegalArgumentException("-n: expected at least 1, found " + rows);
    }
    Preview preview = preview(run.readToLook().builder().build());
    return output.write(preview.text(), json(preview));
  }

  /** Returns the preview; a task without one is a usage error. */
  private Preview preview(FineTuner tuner) {
    try {
      return tuner.preview(rows);
    } catch (IllegalStateException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static ObjectNode json(Preview preview) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode rows = json.putArray("rows");
    for (Preview.Row row : preview.rows()) {
      ObjectNode shown = rows.addObject().put("place", row.place());
      ArrayNode samples = shown.putArray("samples");
      row.samples().forEach(sample -> samples.add(json(sample)));
      row.remarks().forEach(shown.putArray("remarks")::add);
    }
    return json;
  }

  private static ArrayNode json(Preview.Sample sample) {
    ArrayNode tokens = JsonNodeFactory.instance.arrayNode();
    for (Preview.Token token : sample.tokens()) {
      tokens
          .addObject()
          .put("id", token.id())
          .put("text", token.text())
          .put("trained", token.trained());
    }
    return tokens;
  }
}
