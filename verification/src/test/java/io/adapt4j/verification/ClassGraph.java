package io.adapt4j.verification;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Which top-level classes depend on which; a nested class counts as the one it is nested in. */
final class ClassGraph {

  private final Map<String, Set<String>> targets;

  private ClassGraph(Map<String, Set<String>> targets) {
    this.targets = targets;
  }

  /** The graph of the classes in a package and those below it. */
  static ClassGraph of(JavaClasses classes, String top) {
    Map<String, Set<String>> targets = new TreeMap<>();
    for (JavaClass source : classes) {
      if (source.getPackageName().equals(top) || source.getPackageName().startsWith(top + ".")) {
        Set<String> own = targets.computeIfAbsent(topLevel(source), name -> new TreeSet<>());
        for (Dependency dependency : source.getDirectDependenciesFromSelf()) {
          own.add(topLevel(dependency.getTargetClass().getBaseComponentType()));
        }
      }
    }
    targets.forEach((name, own) -> own.retainAll(targets.keySet()));
    return new ClassGraph(targets);
  }

  private static String topLevel(JavaClass type) {
    int nested = type.getName().indexOf('$');
    return nested < 0 ? type.getName() : type.getName().substring(0, nested);
  }

  /** The names in the largest strongly connected component, sorted; one name if none is larger. */
  List<String> largestKnot() {
    return new Components().largest;
  }

  /** Tarjan's algorithm. */
  private final class Components {

    private final Map<String, Integer> found = new HashMap<>();
    private final Map<String, Integer> lowest = new HashMap<>();
    private final Deque<String> open = new ArrayDeque<>();
    private List<String> largest = List.of();

    Components() {
      for (String name : targets.keySet()) {
        if (!found.containsKey(name)) {
          visit(name);
        }
      }
    }

    private void visit(String name) {
      int index = found.size();
      found.put(name, index);
      lowest.put(name, index);
      open.push(name);
      for (String target : targets.get(name)) {
        if (!found.containsKey(target)) {
          visit(target);
          lowest.merge(name, lowest.get(target), Math::min);
        } else if (open.contains(target)) {
          lowest.merge(name, found.get(target), Math::min);
        }
      }
      if (lowest.get(name) == index) {
        List<String> component = new ArrayList<>();
        String member;
        do {
          member = open.pop();
          component.add(member);
        } while (!member.equals(name));
        if (component.size() > largest.size()) {
          largest = component.stream().sorted().toList();
        }
      }
    }
  }
}
