package io.adapt4j.core.model;

import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.internal.checkpoint.SingleFileModels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Location of a model: a folder or a file on disk, or a repository on a hub that is downloaded when
 * first needed, that is when a model is loaded or a fine-tuning is built. A source downloads once
 * and then keeps that snapshot, so that all parts of a run see the same files.
 *
 * <p>Safe for use by several threads.
 */
public final class ModelSource {

  /** A repository on a hub. */
  private record Remote(String repository, String revision, Hub hub) {
    Remote {
      Objects.requireNonNull(repository, "repository");
      Objects.requireNonNull(revision, "revision");
      Objects.requireNonNull(hub, "hub");
    }
  }

  /** Null for a folder. */
  private final @Nullable Remote remote;

  /** Or a file. Null until downloaded. */
  private @Nullable Path folder;

  /** Folder that represents a file, or the folder itself. Null until it is needed. */
  private @Nullable Path readFrom;

  private ModelSource(@Nullable Remote remote, @Nullable Path folder) {
    this.remote = remote;
    this.folder = folder;
  }

  /**
   * Returns the source of a Hugging Face checkpoint folder on disk, or of a GGUF file, which the
   * module {@code adapt4j-gguf} reads.
   *
   * @param path the folder that holds {@code config.json} and the weights, or the file
   * @return the source; nothing is read yet
   */
  public static ModelSource path(Path path) {
    return new ModelSource(null, Objects.requireNonNull(path, "path"));
  }

  /**
   * Returns the source of the default branch of a model's repository on the hub of {@link
   * Hub#fromEnvironment()}.
   *
   * @param repository {@code owner/name}, or {@code name}
   * @return the source; nothing is downloaded yet
   * @throws io.adapt4j.core.hub.HubException if the environment describes no hub
   */
  public static ModelSource hub(String repository) {
    return hub(repository, Hub.DEFAULT_REVISION);
  }

  /**
   * Returns the source of a revision of a model's repository on the hub of {@link
   * Hub#fromEnvironment()}.
   *
   * @param revision a branch, a tag or, for the same files every time, a commit
   * @return the source; nothing is downloaded yet
   * @throws io.adapt4j.core.hub.HubException if the environment describes no hub
   */
  public static ModelSource hub(String repository, String revision) {
    return hub(repository, revision, Hub.fromEnvironment());
  }

  /**
   * Returns the source of a revision of a model's repository on a given hub.
   *
   * @param hub downloads it
   * @return the source; nothing is downloaded yet
   */
  public static ModelSource hub(String repository, String revision, Hub hub) {
    return new ModelSource(new Remote(repository, revision, hub), null);
  }

  /**
   * Returns the folder on disk; downloads the model if it is on a hub and has not been needed yet.
   *
   * @return the folder; for a file, a folder that represents it, with the configuration and the
   *     tokenizer that are in it
   * @throws io.adapt4j.core.exception.CheckpointException if no module reads the file, or it is
   *     damaged
   * @throws io.adapt4j.core.hub.HubException if the download fails
   */
  public synchronized Path folder() {
    Path found = folder;
    if (found == null) {
      Remote wanted = Objects.requireNonNull(remote);
      found = wanted.hub().download(wanted.repository(), wanted.revision());
      folder = found;
    }
    Path read = readFrom;
    if (read == null) {
      read = SingleFileModels.folder(found);
      // A folder that does not exist yet may become a file.
      readFrom = Files.exists(found) ? read : null;
    }
    return read;
  }

  /**
   * Returns whether {@link #folder} answers without a download.
   *
   * @return whether the model is on disk
   */
  public synchronized boolean isOnDisk() {
    return folder != null;
  }

  /**
   * Returns the repository on a hub.
   *
   * @return {@code owner/name}, or {@code name}; empty for a folder
   */
  public Optional<String> repository() {
    return Optional.ofNullable(remote).map(Remote::repository);
  }

  /**
   * Returns the revision that pins the files of the repository: the commit, once it is on disk.
   *
   * @return the commit, before the download the revision asked for; empty for a folder
   */
  public synchronized Optional<String> revision() {
    String name = folder == null ? "" : folder.getFileName().toString();
    return Optional.ofNullable(remote)
        .map(wanted -> name.matches("[0-9a-f]{40}") ? name : wanted.revision());
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof ModelSource source)) {
      return false;
    }
    // The downloaded snapshot is not part of the identity of a hub's source.
    return remote == null
        ? source.remote == null && Objects.equals(folder, source.folder)
        : remote.equals(source.remote);
  }

  @Override
  public int hashCode() {
    return remote == null ? Objects.hashCode(folder) : remote.hashCode();
  }

  @Override
  public String toString() {
    return remote == null ? String.valueOf(folder) : remote.repository() + "@" + remote.revision();
  }
}
