package io.adapt4j.examples;

import io.adapt4j.core.inspect.ModelInfo;
import java.nio.file.Path;

/**
 * Describes a model folder and what to know before training it, without loading the model.
 *
 * <p>{@code InspectModel DIR [SEQUENCE_LENGTH]} prints a description, and the warnings for training
 * on chats for commercial use with sequences of this length. Exits with 2 on wrong usage.
 */
public final class InspectModel {

  private InspectModel() {}

  /**
   * Runs the example.
   *
   * @param arguments a model folder and, optionally, the longest sequence in tokens
   */
  public static void main(String[] arguments) {
    if (arguments.length < 1 || arguments.length > 2) {
      System.err.println("Usage: InspectModel DIR [SEQUENCE_LENGTH]");
      System.exit(2);
    }
    ModelInfo info = ModelInfo.read(Path.of(arguments[0]));
    if (generatesText(info)) {
      info = info.forChats();
    }
    if (arguments.length == 2) {
      info = info.forSequencesOf(Integer.parseInt(arguments[1]));
    }
    System.out.print(info.describe());
    info.warnings()
        .forEach(warning -> System.out.println("! " + warning.kind() + ": " + warning.message()));
  }

  private static boolean generatesText(ModelInfo info) {
    return info.architectures().stream()
        .anyMatch(name -> name.endsWith("ForCausalLM") || name.endsWith("LMHeadModel"));
  }
}
