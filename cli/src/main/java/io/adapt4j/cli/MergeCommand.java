package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Merges an adapter into its base. */
@Command(
    name = "merge",
    description = "Writes a model with an adapter merged into its weights.",
    mixinStandardHelpOptions = true)
final class MergeCommand implements Callable<Integer> {

  @Mixin private ModelArgument model;
  @Mixin private Output output;

  @Option(
      names = "--adapter",
      paramLabel = "FOLDER",
      required = true,
      description = "The LoRA adapter.")
  private Path adapter;

  @Option(
      names = "--output",
      paramLabel = "FOLDER",
      required = true,
      description = "Output folder of the checkpoint; empty or absent.")
  private Path target;

  MergeCommand() {}

  @Override
  public Integer call() {
    Destination.newFolder("--output", target);
    Adapters.requireAdapter(adapter);
    Path base = model.folder();
    LoraAdapter.at(adapter).writeMerged(base, target);
    output.write(
        "The merged model is in " + target,
        JsonNodeFactory.instance.objectNode().put("output", target.toString()));
    return ExitCode.OK;
  }
}
