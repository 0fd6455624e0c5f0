//! The variants of kernels: a type a family, and one enum of all.

use crate::attention::AttentionVariant;
use crate::embed::EmbedVariant;
use crate::experts::ExpertsVariant;
use crate::feed_forward::GateVariant;
use crate::kernel::Kernel;
use crate::layout::WeightLayout;
use crate::linear::LinearVariant;
use crate::norm::NormVariant;
use crate::quantise::QuantiseVariant;
use crate::repack::RepackVariant;
use crate::sample::SampleVariant;
use crate::state::StateVariant;

/// The choices of a variant, as the expansion of its text asks for them.
pub(crate) trait Choices {
    /// The kernel.
    fn kernel(&self) -> Kernel;

    /// The end of its name, which tells it from the kernel's other variants.
    fn label(&self) -> String {
        String::new()
    }

    /// The constants that its text begins with.
    fn constants(&self) -> Vec<(&'static str, u32)> {
        Vec::new()
    }

    /// The names that `#ifdef` finds defined.
    fn defines(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// The file of an import that depends on the variant.
    fn import(&self, _: &str) -> Option<String> {
        None
    }

    /// The choices with which `#second` expands a file.
    fn second(&self) -> Option<Box<dyn Choices>> {
        None
    }

    /// True where it reduces with subgroup operations.
    fn subgroups(&self) -> bool {
        false
    }

    /// The layout of the weight that it reads or writes.
    fn weight(&self) -> Option<WeightLayout> {
        None
    }
}

/// The variants of one family among all.
pub trait OfFamily: Copy + Into<Variant> {
    /// This variant, if it is one of the family's.
    fn of(variant: &Variant) -> Option<&Self>;
}

/// Makes the enum of variants from the list of families.
macro_rules! families {
    ($($family:ident($variant:ident),)*) => {
        /// A variant of a kernel, by its family: what one expansion of the kernel's text depends on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum Variant {
            $($family($variant),)*
        }

        impl Variant {
            /// Every variant there is, those that the runtime can choose. Each is expanded and validated when this crate is
            /// built.
            #[must_use]
            pub fn all() -> Vec<Self> {
                let mut all = Vec::new();
                $(all.extend($variant::all().into_iter().map(Self::$family));)*
                all
            }

            pub(crate) fn choices(&self) -> &dyn Choices {
                match self {
                    $(Self::$family(variant) => variant,)*
                }
            }
        }

        $(
            impl From<$variant> for Variant {
                fn from(variant: $variant) -> Self {
                    Self::$family(variant)
                }
            }

            impl OfFamily for $variant {
                fn of(variant: &Variant) -> Option<&Self> {
                    match variant {
                        Variant::$family(variant) => Some(variant),
                        _ => None,
                    }
                }
            }
        )*
    };
}

families! {
    Attention(AttentionVariant),
    Embed(EmbedVariant),
    Experts(ExpertsVariant),
    FeedForward(GateVariant),
    Linear(LinearVariant),
    Norm(NormVariant),
    Quantise(QuantiseVariant),
    Repack(RepackVariant),
    Sample(SampleVariant),
    State(StateVariant),
}

impl Variant {
    /// The kernel.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.choices().kernel()
    }

    /// A name no other variant has, for reports and labels.
    #[must_use]
    pub fn name(&self) -> String {
        self.kernel().name().to_owned() + &self.choices().label()
    }

    /// True where it reduces with subgroup operations, which its device has to have.
    #[must_use]
    pub fn subgroups(&self) -> bool {
        self.choices().subgroups()
    }

    /// The layout of the weight that it reads or writes, if there is one.
    #[must_use]
    pub fn weight(&self) -> Option<WeightLayout> {
        self.choices().weight()
    }

    /// True where it multiplies with matrix units, which its device has to have and which WGSL in browsers hasn't.
    #[must_use]
    pub fn matrix_units(&self) -> bool {
        self.kernel() == Kernel::MatmulCooperative
    }
}

/// The names of which the condition holds.
pub(crate) fn chosen(names: &[(&'static str, bool)]) -> Vec<&'static str> {
    names.iter().filter(|(_, holds)| *holds).map(|(name, _)| *name).collect()
}

/// The labels of which the condition holds, in one.
pub(crate) fn labels(labels: &[(&'static str, bool)]) -> String {
    chosen(labels).concat()
}
