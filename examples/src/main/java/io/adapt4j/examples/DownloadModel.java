package io.adapt4j.examples;

import io.adapt4j.core.hub.DownloadListener;
import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.hub.HubException;
import java.nio.file.Path;

/**
 * Downloads a model from the Hugging Face Hub into the cache shared with Python, and prints its
 * folder.
 */
public final class DownloadModel {

  private DownloadModel() {}

  /**
   * Runs the example.
   *
   * @param args the repository, such as {@code HuggingFaceTB/SmolLM2-135M-Instruct}, and optionally
   *     a branch, tag or commit
   */
  public static void main(String[] args) {
    if (args.length < 1 || args.length > 2) {
      System.err.println("Usage: DownloadModel REPOSITORY [REVISION]");
      System.exit(2);
    }
    String revision = args.length > 1 ? args[1] : Hub.DEFAULT_REVISION;
    try {
      Hub hub = Hub.builder().listener(DownloadListener.console(System.err)).build();
      Path folder = hub.download(args[0], revision);
      System.out.println(folder);
    } catch (HubException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }
}
