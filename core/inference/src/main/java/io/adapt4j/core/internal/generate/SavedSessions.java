package io.adapt4j.core.internal.generate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Writes conversations to files with what a prompt cache keeps of them, and reads them. */
public final class SavedSessions {

  private static final String EXACT = "exact";

  private final ReentrantLock lock;
  private final Decoder decoder;
  private final PromptCache prompts;
  private final AdapterSet adapters;

  /** Creates access to a model's prompt cache, which the lock guards. */
  public SavedSessions(
      ReentrantLock lock, Decoder decoder, PromptCache prompts, AdapterSet adapters) {
    this.lock = lock;
    this.decoder = decoder;
    this.prompts = prompts;
    this.adapters = adapters;
  }

  /**
   * Writes a file.
   *
   * @param ids the conversation's tokens, to write what is kept of them too; null for the header
   *     alone
   * @param adapter name of the only adapter, or null
   */
  public void save(
      Path file, Supplier<ObjectNode> header, int @Nullable [] ids, @Nullable String adapter) {
    KeptPrefix kept = null;
    ObjectNode described;
    lock.lock();
    try {
      described = header.get().put(EXACT, prompts.isExact());
      if (ids != null) {
        kept = this.<Optional<KeptPrefix>>with(adapter, on -> prompts.find(ids, on)).orElse(null);
      }
    } finally {
      lock.unlock();
    }
    try {
      PrefixFile.write(file, described, kept, decoder, lock, prompts.cipher());
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": the session cannot be saved: " + e.getMessage(), e);
    } finally {
      close(kept);
    }
  }

  /** Closes a prefix, whose memory the cache may share. */
  private void close(@Nullable KeptPrefix prefix) {
    if (prefix != null) {
      lock.lock();
      try {
        prefix.close();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Reads a file and adds its prefix to the prompt cache, if it has one that fits. */
  public JsonNode restore(Path file, Consumer<JsonNode> require, @Nullable String adapter) {
    PrefixFile.Content content = read(file, require);
    KeptPrefix prefix = content.prefix();
    if (prefix == null) {
      return content.header();
    }
    lock.lock();
    boolean added = false;
    try {
      // Adapters may have changed while the file was read.
      require.accept(content.header());
      if (content.header().path(EXACT).booleanValue() == prompts.isExact()) {
        added =
            with(
                adapter,
                on -> {
                  prompts.add(prefix, on);
                  return true;
                });
      }
    } finally {
      if (!added) {
        prefix.close();
      }
      lock.unlock();
    }
    return content.header();
  }

  private PrefixFile.Content read(Path file, Consumer<JsonNode> require) {
    try {
      return PrefixFile.read(file, decoder, require, this::isWanted, prompts.cipher());
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": the session cannot be read: " + e, e);
    }
  }

  private boolean isWanted(JsonNode prefix) {
    lock.lock();
    try {
      return prompts.hasRoomFor(prefix.path("ids").size(), prefix.path("checkpoints").size());
    } finally {
      lock.unlock();
    }
  }

  private <T> T with(@Nullable String adapter, Function<@Nullable AttachedAdapter, T> action) {
    if (adapter == null) {
      return action.apply(null);
    }
    try (AdapterSet.Lease lease = adapters.lease(adapter)) {
      return action.apply(lease.adapter());
    }
  }
}
