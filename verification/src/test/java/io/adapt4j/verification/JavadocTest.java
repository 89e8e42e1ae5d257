package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.PrimitiveTypeTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.TypeParameterTree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.lang.model.type.TypeKind;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Rules for Javadoc: what users see is documented in full, a record's compact constructor repeats
 * nothing of its record, and a first sentence names the thing.
 */
class JavadocTest {

  private static final Path ROOT = Path.of("..");
  private static final Set<String> UNPUBLISHED =
      Set.of("benchmarks", "consumer", "spark", "test-support");

  /** First words of a sentence that describes a thing around its name. */
  private static final Pattern RIDDLE =
      Pattern.compile("(What|Who|Whom|Where|How(?! to)|That which|That of|Those of|Of what)\\b.*");

  private static final List<String> undocumented = new ArrayList<>();
  private static final List<String> repeating = new ArrayList<>();
  private static final List<String> riddles = new ArrayList<>();

  @BeforeAll
  static void read() throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null,
                  files,
                  null,
                  List.of("-proc:none"),
                  null,
                  files.getJavaFileObjects(sources()));
      DocTrees trees = DocTrees.instance(task);
      for (CompilationUnitTree unit : task.parse()) {
        new Comments(trees, unit).scan(unit, null);
      }
    }
  }

  /** Returns the sources of all modules, without their tests. */
  static Path[] sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (Path module : ModuleFolders.of(ROOT)) {
      Path main = module.resolve("src/main/java");
      if (Files.isDirectory(main)) {
        try (Stream<Path> files = Files.walk(main)) {
          files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
        }
      }
    }
    return sources.toArray(Path[]::new);
  }

  @Test
  void everythingThatUsersSeeIsDocumented() {
    assertThat(undocumented).isEmpty();
  }

  @Test
  void compactConstructorsDoNotRepeatTheirRecord() {
    assertThat(repeating).isEmpty();
  }

  @Test
  void aFirstSentenceNamesTheThing() {
    assertThat(riddles).isEmpty();
  }

  /** Visits the declarations of a file. */
  private static final class Comments extends TreePathScanner<Void, Void> {

    private final DocTrees trees;
    private final CompilationUnitTree unit;
    private final String file;
    private final boolean isPublished;
    private boolean isVisible = true;

    /** Parameters that some member of the current class documents: each is explained once. */
    private Set<String> documented = Set.of();

    Comments(DocTrees trees, CompilationUnitTree unit) {
      this.trees = trees;
      this.unit = unit;
      this.file = ROOT.toUri().relativize(unit.getSourceFile().toUri()).toString();
      this.isPublished =
          !file.contains("/internal/")
              && UNPUBLISHED.stream().noneMatch(m -> file.contains(m + "/src/"));
    }

    @Override
    public Void visitClass(ClassTree type, Void unused) {
      boolean around = isVisible;
      Set<String> aroundDocumented = documented;
      isVisible = around && isSeen(type.getModifiers());
      documented = documentedParameters(type);
      DocCommentTree comment = comment();
      if (isVisible && isPublished) {
        List<String> required = new ArrayList<>(typeParameters(type.getTypeParameters()));
        if (type.getKind() == Tree.Kind.RECORD) {
          components(type).forEach(required::add);
        }
        requireTags(type, type.getSimpleName().toString(), comment, required, false);
      }
      super.visitClass(type, null);
      isVisible = around;
      documented = aroundDocumented;
      return null;
    }

    @Override
    public Void visitMethod(MethodTree method, Void unused) {
      DocCommentTree comment = comment();
      if (isCompact(method)) {
        if (comment != null && !comment.getBlockTags().isEmpty()) {
          repeating.add(place(method));
        }
        return null;
      }
      boolean overrides =
          method.getModifiers().getAnnotations().stream()
              .anyMatch(annotation -> annotation.getAnnotationType().toString().equals("Override"));
      if (isVisible && isPublished && isSeen(method.getModifiers()) && !overrides) {
        List<String> required = new ArrayList<>(typeParameters(method.getTypeParameters()));
        boolean sets = isSetter(method);
        if (!sets) {
          method.getParameters().forEach(parameter -> required.add(parameter.getName().toString()));
        }
        requireTags(
            method,
            method.getName().toString(),
            comment,
            required,
            !sets && !isFluent(method) && returns(method));
      }
      return null;
    }

    @Override
    public Void visitVariable(VariableTree field, Void unused) {
      boolean isField = getCurrentPath().getParentPath().getLeaf() instanceof ClassTree;
      DocCommentTree comment = comment();
      if (isField
          && isVisible
          && isPublished
          && isSeen(field.getModifiers())
          && !isComponent(field)) {
        requireTags(field, field.getName().toString(), comment, List.of(), false);
      }
      return null;
    }

    private Set<String> documentedParameters(ClassTree type) {
      Set<String> found = new HashSet<>();
      DocCommentTree ofType = trees.getDocCommentTree(getCurrentPath());
      if (ofType != null) {
        // Other constructors of a record take its components.
        found.addAll(parameters(ofType));
      }
      for (Tree member : type.getMembers()) {
        if (member instanceof MethodTree method) {
          DocCommentTree comment = trees.getDocCommentTree(new TreePath(getCurrentPath(), method));
          if (comment != null) {
            found.addAll(parameters(comment));
          }
        }
      }
      return found;
    }

    private static Set<String> parameters(DocCommentTree comment) {
      Set<String> found = new HashSet<>();
      for (DocTree tag : comment.getBlockTags()) {
        if (tag instanceof ParamTree parameter) {
          found.add(parameter.getName().getName().toString());
        }
      }
      return found;
    }

    /** Reads the comment of the current declaration, and notes its first sentence. */
    private DocCommentTree comment() {
      DocCommentTree comment = trees.getDocCommentTree(getCurrentPath());
      if (comment != null && RIDDLE.matcher(text(comment.getFirstSentence())).matches()) {
        riddles.add(place(getCurrentPath().getLeaf()) + ": " + text(comment.getFirstSentence()));
      }
      return comment;
    }

    private static String text(List<? extends DocTree> parts) {
      StringBuilder text = new StringBuilder();
      parts.forEach(part -> text.append(part));
      return text.toString().replaceAll("\\s+", " ").strip();
    }

    private void requireTags(
        Tree of, String name, DocCommentTree comment, List<String> parameters, boolean returns) {
      if (comment == null || comment.getFullBody().isEmpty()) {
        undocumented.add(place(of) + ": " + name + " has no comment");
        return;
      }
      Set<String> found = parameters(comment);
      if (of instanceof MethodTree) {
        found.addAll(documented);
      }
      boolean hasReturn =
          hasReturn(comment.getFullBody())
              || comment.getBlockTags().stream()
                  .anyMatch(tag -> tag.getKind() == DocTree.Kind.RETURN);
      for (String parameter : parameters) {
        if (!found.contains(parameter)) {
          undocumented.add(place(of) + ": " + name + " has no @param " + parameter);
        }
      }
      if (returns && !hasReturn) {
        undocumented.add(place(of) + ": " + name + " has no @return");
      }
    }

    private static boolean hasReturn(List<? extends DocTree> body) {
      return body.stream().anyMatch(part -> part.getKind() == DocTree.Kind.RETURN);
    }

    private static List<String> typeParameters(List<? extends TypeParameterTree> parameters) {
      return parameters.stream().map(parameter -> parameter.getName().toString()).toList();
    }

    private static List<String> components(ClassTree record) {
      return record.getMembers().stream()
          .filter(VariableTree.class::isInstance)
          .map(VariableTree.class::cast)
          .filter(field -> !field.getModifiers().getFlags().contains(Modifier.STATIC))
          .map(field -> field.getName().toString())
          .toList();
    }

    private boolean isComponent(VariableTree field) {
      return getCurrentPath().getParentPath().getLeaf().getKind() == Tree.Kind.RECORD
          && !field.getModifiers().getFlags().contains(Modifier.STATIC);
    }

    private static boolean returns(MethodTree method) {
      return method.getReturnType() != null
          && !(method.getReturnType() instanceof PrimitiveTypeTree primitive
              && primitive.getPrimitiveTypeKind() == TypeKind.VOID);
    }

    /**
     * Setters of a builder: their first sentence says what they set, and they return the builder.
     */
    private static boolean isSetter(MethodTree method) {
      return method.getReturnType() != null && method.getReturnType().toString().equals("Builder");
    }

    /** Methods that return their own type: the object itself, or a changed copy. */
    private boolean isFluent(MethodTree method) {
      if (method.getReturnType() == null
          || !(getCurrentPath().getParentPath().getLeaf() instanceof ClassTree type)) {
        return false;
      }
      String returned = method.getReturnType().toString().replaceFirst("<.*", "");
      // Base classes of builders return their type parameter.
      return returned.equals(type.getSimpleName().toString())
          || typeParameters(type.getTypeParameters()).contains(returned);
    }

    /** Members of interfaces are public unless they are private. */
    private boolean isSeen(ModifiersTree modifiers) {
      Set<Modifier> flags = modifiers.getFlags();
      Tree around = getCurrentPath().getParentPath().getLeaf();
      boolean inInterface =
          around.getKind() == Tree.Kind.INTERFACE || around.getKind() == Tree.Kind.ANNOTATION_TYPE;
      return flags.contains(Modifier.PUBLIC)
          || flags.contains(Modifier.PROTECTED)
          || (inInterface && !flags.contains(Modifier.PRIVATE));
    }

    /** A compact constructor has no list of parameters. */
    private boolean isCompact(MethodTree method) {
      Tree around = getCurrentPath().getParentPath().getLeaf();
      if (around.getKind() != Tree.Kind.RECORD || method.getReturnType() != null) {
        return false;
      }
      try {
        String source = unit.getSourceFile().getCharContent(true).toString();
        long start = trees.getSourcePositions().getStartPosition(unit, method);
        long body = trees.getSourcePositions().getStartPosition(unit, method.getBody());
        String head =
            source.substring((int) start, (int) body).replaceAll("(?s)@\\w+(\\([^)]*\\))?", "");
        return head.indexOf('(') < 0;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private String place(Tree tree) {
      long line =
          unit.getLineMap().getLineNumber(trees.getSourcePositions().getStartPosition(unit, tree));
      return file + ":" + line;
    }
  }
}
