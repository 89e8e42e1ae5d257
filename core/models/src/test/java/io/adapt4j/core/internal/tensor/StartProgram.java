package io.adapt4j.core.internal.tensor;

import ai.djl.pytorch.jni.LibUtils;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;

/** Starts the engine, or a tokenizer of a folder, twice, and says what came of it. */
final class StartProgram {

  private StartProgram() {}

  public static void main(String[] arguments) {
    for (int i = 0; i < 2; i++) {
      try {
        if (arguments.length > 0 && arguments[0].contains("libgomp")) {
          System.load(arguments[0]);
          System.out.println("waits " + EngineInfo.threadWaiting());
        } else if (arguments.length > 0) {
          Tokenizer.load(Path.of(arguments[0])).close();
          System.out.println("tokenizer works");
        } else {
          EngineInfo.version();
          System.out.println("from " + LibUtils.getLibtorchPath());
          System.out.println("waits " + EngineInfo.threadWaiting());
          System.out.println("free memory: " + EngineInfo.allocator());
        }
      } catch (Throwable e) {
        System.out.println(e);
      }
    }
  }
}
