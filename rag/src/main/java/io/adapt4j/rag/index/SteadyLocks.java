package io.adapt4j.rag.index;

import io.adapt4j.rag.internal.OwnThreads;
import java.io.IOException;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.Lock;
import org.apache.lucene.store.LockFactory;
import org.apache.lucene.store.NativeFSLockFactory;

/**
 * Lucene's locks, verified on threads that are never interrupted: the last searching thread of a
 * replaced snapshot deletes its files, which verifies the lock, and an interrupt would release it.
 */
final class SteadyLocks extends LockFactory {

  @Override
  public Lock obtainLock(Directory directory, String name) throws IOException {
    Lock lock = NativeFSLockFactory.INSTANCE.obtainLock(directory, name);
    return new Lock() {
      @Override
      public void close() throws IOException {
        OwnThreads.call(
            () -> {
              lock.close();
              return null;
            });
      }

      @Override
      public void ensureValid() throws IOException {
        OwnThreads.call(
            () -> {
              lock.ensureValid();
              return null;
            });
      }
    };
  }
}
